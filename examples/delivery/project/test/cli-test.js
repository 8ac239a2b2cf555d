'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { run, parseArguments } = require('../src/cli');

const fixture = (name) => path.join(__dirname, 'fixtures', name);

async function capture(...argv) {
  const written = { stdout: '', stderr: '' };
  const stream = (name) => ({ write: (text) => (written[name] += text) });
  const code = await run(argv, { stdout: stream('stdout'), stderr: stream('stderr') });
  return { code, ...written };
}

test('flags are read with a space and with an equals sign', () => {
  assert.deepEqual(parseArguments(['a', '--limit', '3', '--base=x=y']), { words: ['a'], flags: { limit: '3', base: 'x=y' } });
});

test('links of a saved page are printed one per line', async () => {
  const { code, stdout } = await capture('links', fixture('page.html'), '--base', 'https://example.com/');
  assert.equal(code, 0);
  assert.equal(stdout.split('\n')[0], 'https://example.com/guide/style.css?v=2');
});

test('the top of a log is a table', async () => {
  const { stdout } = await capture('top', fixture('access.log'), '--limit=1');
  assert.equal(stdout, '/guide  2  4626\n');
});

test('a link that was added is in the feed', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'linktrail-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const store = path.join(directory, 'links.json');
  assert.match((await capture('add', store, 'https://example.com/', 'Home')).stdout, /^[0-9a-f]{16}\n$/);
  assert.match((await capture('feed', store, '--site', 'https://links.example/')).stdout, /<title>Home<\/title>/);
});

test('wrong usage exits with 2, trouble with 1', async () => {
  assert.equal((await capture('unknown')).code, 2);
  assert.equal((await capture('clean')).code, 2);
  const missing = await capture('top', fixture('nothing.log'));
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^linktrail: ENOENT/);
});

test('the installed command runs', () => {
  const bin = path.join(__dirname, '..', 'bin', 'linktrail.js');
  const done = spawnSync(process.execPath, [bin, 'resolve', 'https://example.com/a/', 'b'], { encoding: 'utf8' });
  assert.equal(done.stdout, 'https://example.com/a/b\n');
  assert.equal(done.status, 0);
});
