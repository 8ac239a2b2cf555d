import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const REQUEST = {
  id: 'CR-1',
  title: 'Leave deprecated APIs',
  goal: 'Nothing deprecated is left.',
  remove: [
    'url.parse',
    'url.resolve',
    'Buffer()',
    'String.prototype.substr',
    'fs.exists',
    'util.isArray',
    'util._extend',
  ],
  nodeTarget: '>=20.19',
  testCoverage: 0,
  publicApi: 'unchanged',
  release: 'patch',
  smoke: [],
};

const PASSING_TEST = `require('node:test')('it loads', () => { require('../index'); });\n`;

/** Writes a small project with the given files; what they do not name gets a default. */
export function writeProject(
  directory: string,
  files: Record<string, string>,
  request: Record<string, unknown> = {},
): string {
  const all: Record<string, string> = {
    'package.json': JSON.stringify({ name: 'sample', version: '1.0.0', main: 'index.js' }),
    'change-request.json': JSON.stringify({ ...REQUEST, ...request }),
    'index.js': `'use strict';\nmodule.exports = { answer: () => 42 };\n`,
    'test/index-test.js': PASSING_TEST,
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return directory;
}
