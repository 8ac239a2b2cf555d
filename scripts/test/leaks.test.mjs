import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { jestArgs } from '../checks/checks.mjs';
import { run } from '../setup/command.mjs';
import { ROOT } from '../setup/paths.mjs';

const FILES = {
  server: "test('t', (done) => { require('net').createServer().listen(0, '127.0.0.1', done); });",
  child: "test('t', () => { require('child_process').spawn('sleep', ['60'], { stdio: 'ignore' }); });",
  socket: `const { createServer, connect } = require('net');
    const server = createServer();
    test('t', (done) => { server.listen(0, '127.0.0.1', () => connect(server.address().port, '127.0.0.1', done)); });
    afterAll(() => { server.close(); });`,
  tidy: `const server = require('net').createServer();
    test('t', (done) => { server.listen(0, '127.0.0.1', done); });
    afterAll((done) => { server.close(done); });`,
};

let dir;
let messages;

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'leaks-'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(dir, `${name}.test.js`), text);
  const environment = join(ROOT, 'scripts/jest/leak-checking-environment.cjs');
  const testEnvironmentOptions = { testTimeoutMs: 5_000, leakGraceMs: 200 };
  writeFileSync(
    join(dir, 'jest.config.json'),
    JSON.stringify({ rootDir: dir, testEnvironment: environment, testEnvironmentOptions, transform: {} }),
  );
  const [jest] = jestArgs('unit', '');
  const report = join(dir, 'report.json');
  // One process for all files: what one file leaves open must neither stop the run nor be blamed on the next.
  const args = [
    jest,
    '--config',
    join(dir, 'jest.config.json'),
    '--runInBand',
    '--json',
    '--outputFile',
    report,
  ];
  await run(process.execPath, args, { cwd: dir });
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  messages = Object.fromEntries(
    testResults.map(({ name, message }) => [name.slice(dir.length + 1, -'.test.js'.length), message]),
  );
});

after(() => rmSync(dir, { recursive: true, force: true }));

test('a test file that leaves a server fails', () =>
  assert.match(messages.server, /open after the last test.*server listening on .*127\.0\.0\.1/));
test('a test file that leaves a child process fails', () =>
  assert.match(messages.child, /open after the last test.*child process \d+: sleep 60/));
test('a test file that leaves a connection fails', () =>
  assert.match(messages.socket, /open after the last test.*socket \d+ -> 127\.0\.0\.1/));
test('a test file that closes what it opens passes', () => assert.equal(messages.tidy, ''));
