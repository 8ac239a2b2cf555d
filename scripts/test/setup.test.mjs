import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isBuilt, sourceStamp, writeStamp } from '../setup/build.mjs';
import { isInstalled, pinnedPnpm } from '../setup/dependencies.mjs';
import { checkNodeVersion } from '../setup/node-version.mjs';
import { formatDuration, reportTo, SetupError } from '../setup/report.mjs';
import { findServer, installCommand } from '../setup/servers.mjs';

let root;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'setup-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path, content) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

function plantWorkspace() {
  write('package.json', { packageManager: 'pnpm@10.34.8+sha512.abc' });
  write('pnpm-lock.yaml', 'lockfileVersion: 9');
  write('tsconfig.base.json', {});
  write('tsconfig.build.json', { references: [{ path: 'libs/core' }] });
  write('libs/core/package.json', { dependencies: { zod: '4' } });
  write('libs/core/tsconfig.json', {});
  write('libs/core/src/deep/clock.ts', 'export {};');
}

test('a Node that is too old gets one line with the remedy', () => {
  for (const old of ['v18.20.4', 'v20.18.3', 'v4.9.1']) {
    const line = checkNodeVersion(old, '>=20.19');
    assert.match(line, /needs Node 20\.19 or newer and this is v.*: install a current LTS/);
    assert.ok(!line.includes('\n'));
  }
});

test('every Node from the lowest supported one on is accepted', () => {
  for (const version of ['v20.19.0', 'v20.20.2', 'v22.0.0', 'v24.11.1', 'v100.0.0']) {
    assert.equal(checkNodeVersion(version, '>=20.19'), undefined);
  }
});

test('dependencies are installed only when pnpm finished with this very lockfile and each package has its links', () => {
  plantWorkspace();
  assert.equal(isInstalled(root), false);
  write('node_modules/.pnpm/lock.yaml', 'lockfileVersion: 9');
  assert.equal(isInstalled(root), false, 'the package has no links yet');
  mkdirSync(join(root, 'libs/core/node_modules'));
  assert.equal(isInstalled(root), true);
  write('pnpm-lock.yaml', 'lockfileVersion: 9\nchanged: true');
  assert.equal(isInstalled(root), false);
});

test('pnpm comes in the version that package.json pins, without its checksum', () => {
  plantWorkspace();
  assert.equal(pinnedPnpm(root), '10.34.8');
});

test('the build is skipped until a source changes, appears, or the result is gone', () => {
  plantWorkspace();
  const stamp = sourceStamp(root);
  assert.equal(isBuilt(root, stamp), false);
  mkdirSync(join(root, 'libs/core/dist'));
  writeStamp(root, stamp);
  assert.equal(isBuilt(root, sourceStamp(root)), true);

  utimesSync(join(root, 'libs/core/src/deep/clock.ts'), 1, 1);
  assert.equal(isBuilt(root, sourceStamp(root)), false);

  writeStamp(root, sourceStamp(root));
  write('libs/core/src/new.ts', '');
  assert.equal(isBuilt(root, sourceStamp(root)), false);

  writeStamp(root, sourceStamp(root));
  rmSync(join(root, 'libs/core/dist'), { recursive: true });
  assert.equal(isBuilt(root, sourceStamp(root)), false);
});

test('a server is found on the PATH or in the usual places, and only if it can be executed', () => {
  write('bin/nats-server', '#!/bin/sh');
  assert.equal(findServer('nats-server', join(root, 'bin'), []), undefined);
  spawnSync('chmod', ['755', join(root, 'bin/nats-server')]);
  assert.equal(findServer('nats-server', join(root, 'bin'), []), join(root, 'bin/nats-server'));
  assert.equal(findServer('nats-server', '', [join(root, 'bin')]), join(root, 'bin/nats-server'));
});

const canOnly =
  (...commands) =>
  (...command) =>
    Promise.resolve(commands.includes(command.join(' ')));

test('servers are installed with apt as root, through sudo where it asks nothing, or with brew', async () => {
  const missing = ['nats-server', 'redis-server'];
  const asRoot = await installCommand(missing, 'linux', canOnly('apt-get --version'), 0);
  assert.deepEqual([asRoot[0], ...asRoot.slice(-2)], ['sh', ...missing]);
  const asUser = await installCommand(missing, 'linux', canOnly('apt-get --version', 'sudo -n true'), 1000);
  assert.deepEqual(asUser.slice(0, 3), ['sudo', '-n', 'sh']);
  const onMac = await installCommand(missing, 'darwin', canOnly('brew --version'), 501);
  assert.deepEqual(onMac, ['brew', 'install', 'nats-server', 'redis']);
});

test('where nothing can be installed, the message names what is missing and the way with containers', async () => {
  const noWay = [
    ['linux', canOnly('apt-get --version'), 1000],
    ['linux', canOnly(), 0],
    ['darwin', canOnly(), 501],
  ];
  for (const [platform, can, uid] of noWay) {
    await assert.rejects(installCommand(['nats-server'], platform, can, uid), (error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /^install nats-server .*docker compose up$/);
      return true;
    });
  }
});

test('progress is one aligned line per step, and a failure ends with the line that says what to do', async () => {
  let text = '';
  const report = reportTo({ write: (chunk) => (text += chunk) });
  await report.step('node', () => 'v20.20.2');
  await report.step('build', (note) => {
    note('compiling');
    return 'compiled';
  });
  report.failure(new SetupError('do this', 'what the tool said\n'));
  const lines = text.trimEnd().split('\n');
  assert.match(lines[0], /^ {2}node {10}v20\.20\.2 +\d+ ms$/);
  assert.deepEqual(lines.slice(1, 2), ['  build         compiling']);
  assert.equal(lines[2].length, lines[0].length);
  assert.deepEqual(lines.slice(-2), ['what the tool said', 'setup failed: do this']);
});

test('durations read as milliseconds, seconds, or minutes', () => {
  assert.deepEqual(
    [3.4, 999, 1500, 125_000].map((ms) => formatDuration(ms).trim()),
    ['3 ms', '999 ms', '1.5 s', '2 min 5 s'],
  );
});
