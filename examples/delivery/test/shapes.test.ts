import path from 'node:path';
import { agent, outputOf, runAgent, temporaryDirectory } from './run-agent';
import { writeProject } from './sample-project';

const here = temporaryDirectory();
afterAll(() => here.remove());

/** Each file before and after; what is not listed here must stay byte for byte. */
const SHAPES: Record<string, { before: string; after: string }> = {
  'alias.js': {
    before: `const url = require('url');\nconst parse = url.parse;\nmodule.exports = (link) => parse(link).pathname;\n`,
    after: `const { parseUrl } = require('./url-compat');\nmodule.exports = (link) => parseUrl(link).pathname;\n`,
  },
  'several.js': {
    before: `var a = require('path'), url = require('url'), fs = require('fs');\nexports.f = (b, l) => [a, fs, url.resolve(b, l)];\n`,
    after: `var a = require('path'), fs = require('fs');\nconst { resolveUrl } = require('./url-compat');\nexports.f = (b, l) => [a, fs, resolveUrl(b, l)];\n`,
  },
  'still-needed.js': {
    before: `const { parse, format } = require('node:url');\nexports.f = (l) => format(parse(l));\n`,
    after: `const { format } = require('node:url');\nconst { parseUrl } = require('./url-compat');\nexports.f = (l) => format(parseUrl(l));\n`,
  },
  'inline.js': {
    before: `#!/usr/bin/env node\n'use strict';\nexports.f = (l) => require('url').parse(l).host;\n`,
    after: `#!/usr/bin/env node\n'use strict';\nconst { parseUrl } = require('./url-compat');\nexports.f = (l) => parseUrl(l).host;\n`,
  },
  'taken.js': {
    before: `const url = require('url');\nconst parseUrl = (x) => x;\nexports.f = (l) => parseUrl(url.parse(l));\n`,
    after: `const { parseUrl: parseUrlCompat } = require('./url-compat');\nconst parseUrl = (x) => x;\nexports.f = (l) => parseUrl(parseUrlCompat(l));\n`,
  },
  'nested.js': {
    before: `exports.f = (s, t) => new Buffer(s.substr(t.substr(1).length, /* how many */ t.length), 'hex');\n`,
    after: `exports.f = (s, t) => Buffer.from(s.slice(t.slice(1).length).substring(0, t.length), 'hex');\n`,
  },
  'optional.js': {
    before: `exports.f = (s) => s?.substr(-3, 2) + s['substr'](2, 3);\n`,
    after: `exports.f = (s) => s?.slice(-3).substring(0, 2) + s['slice'](2, 5);\n`,
  },
  'exists.js': {
    before: `const { exists, existsSync } = require('fs');\nexports.f = (p, cb) => existsSync(p) || exists(p, cb);\nexports.g = (p) => exists(p, (yes) => console.log(yes));\n`,
    after: `const { access, existsSync } = require('fs');\nexports.f = (p, cb) => existsSync(p) || access(p, (error) => cb(!error));\nexports.g = (p) => access(p, (error) => ((yes) => console.log(yes))(!error));\n`,
  },
  'sizes.js': {
    before: `const SIZE = 4 * 2;\nexports.f = (list, x) => [Buffer(SIZE), Buffer(list.length), Buffer([1]), Buffer('a' + x), Buffer(x)];\n`,
    after: `const SIZE = 4 * 2;\nexports.f = (list, x) => [Buffer.alloc(SIZE), Buffer.alloc(list.length), Buffer.from([1]), Buffer.from('a' + x), Buffer.from(x)];\n`,
  },
  'esm.mjs': {
    before: `import url, { parse as read } from 'node:url';\nimport { isArray, inspect } from 'util';\nexport const f = (l) => [read(l).host, url.fileURLToPath, isArray(l), inspect(l)];\n`,
    after: `import url from 'node:url';\nimport { inspect } from 'util';\nimport { parseUrl } from './url-compat.js';\nexport const f = (l) => [parseUrl(l).host, url.fileURLToPath, Array.isArray(l), inspect(l)];\n`,
  },
};

const UNTOUCHED: Record<string, string> = {
  'shadowed.js': `const url = require('url');\nexports.f = (url) => url.parse('x') + url.resolve('a', 'b');\nexports.g = () => url.format({});\n`,
  'own-names.js': `const parse = JSON.parse;\nconst path = require('path');\nfunction isArray() {}\nexports.f = (x) => [parse(x), path.resolve(x), isArray(x), path.parse(x)];\n`,
  'local-buffer.js': `class Buffer { constructor(x) { this.x = x; } }\nexports.f = (x) => new Buffer(x);\n`,
  'right-already.js': `const fs = require('fs');\nexports.f = (x) => [Buffer.from(x), fs.existsSync(x), x instanceof Buffer, x.substring(1)];\n`,
  'texts.js': `// url.parse(x), new Buffer(1)\nexports.f = "require('url').parse(x).substr(1)" + \`new Buffer(\${1})\` + /a.substr(1)/;\n`,
};

test('each shape is replaced as designed, and nothing else is touched', async () => {
  const before = Object.fromEntries(Object.entries(SHAPES).map(([file, shape]) => [file, shape.before]));
  const project = writeProject(path.join(here.path, 'shapes'), { ...before, ...UNTOUCHED });
  const analysis = await outputOf(agent('analyze'), { project });
  const design = await outputOf(agent('design'), { upstream: { analysis } });
  const { snapshot } = await outputOf(agent('implement'), { upstream: { design } });
  for (const [file, { after }] of Object.entries(SHAPES))
    expect([file, snapshot[file]]).toEqual([file, after]);
  for (const [file, text] of Object.entries(UNTOUCHED)) expect([file, snapshot[file]]).toEqual([file, text]);
});

test('uses that no test executes are named as risks', async () => {
  const files = { 'unused.js': `exports.f = (s) => s.substr(1);\n` };
  const { risks } = await outputOf(agent('analyze'), {
    project: writeProject(path.join(here.path, 'risks'), files),
  });
  expect(risks).toEqual([
    'U01 unused.js:1:22: no test executes this use of String.prototype.substr (Annex B)',
  ]);
});

test('shapes that cannot be replaced safely stop the design, each with its place and reason', async () => {
  const files = {
    'passed-on.js': `const url = require('url');\nexports.all = (links) => links.map(url.parse);\nexports.parse = url.parse;\n`,
    'slashes.js': `const url = require('url');\nexports.f = (l) => url.parse(l, false, true);\n`,
    'borrowed.js': `exports.f = (s) => String.prototype.substr.call(s, 1);\n`,
  };
  const project = writeProject(path.join(here.path, 'manual'), files);
  const analysis = await outputOf(agent('analyze'), { project });
  const { code, stderr } = await runAgent(agent('design'), { upstream: { analysis } });
  expect(code).toBe(1);
  const [summary, ...places] = stderr.trimEnd().split('\n');
  expect(summary).toBe('4 of the uses must be changed by hand first:');
  expect(places.map((line) => line.split(': ')[0])).toEqual([
    'borrowed.js:1:37',
    'passed-on.js:2:36',
    'passed-on.js:3:17',
    'slashes.js:2:20',
  ]);
});
