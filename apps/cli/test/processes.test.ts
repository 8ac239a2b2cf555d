import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@multiswarm/core';
import { eventually, startNats, startRedis } from '@multiswarm/testing';
import { DataDirectory } from '../src/dev/data-directory';
import { claimPorts, directoriesOf } from '../src/dev/stack-settings';
import { natsFeatures, redisDurability } from '../src/doctor/network';
import { anyFreePort, holderOf, isPortFree } from '../src/probes/ports';
import { probeNats, probeRedis } from '../src/probes/servers';
import { identityOf, isAlive } from '../src/processes/identity';

let directory: string;
const children: ChildProcess[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'processes-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

/** A process group of its own that would run for an hour. */
function sleeper(script = 'sleep 3600'): number {
  const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore' });
  children.push(child);
  if (child.pid === undefined) throw new Error('no process');
  return child.pid;
}

function listen(): Promise<number> {
  const server = createServer();
  servers.push(server);
  // A TCP server that listens has an AddressInfo; strings are for pipes.
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

describe('ports', () => {
  test('a listening port is taken, and its holder is known', async () => {
    const port = await listen();
    expect(await isPortFree(port)).toBe(false);
    expect(await holderOf(port)).toMatchObject({ pid: process.pid });
    expect(await isPortFree(await anyFreePort())).toBe(true);
  });

  test('every taken port is named at once, with its holder and the setting that moves it', async () => {
    const [nats, orchestrator] = [await listen(), await listen()];
    const env = {
      NATS_PORT: String(nats),
      ORCHESTRATOR_PORT: String(orchestrator),
      REDIS_PORT: '0',
      LOAD_BALANCER_PORT: '0',
      COMMUNICATOR_PORT: '0',
    };
    const claim = claimPorts(env);
    await expect(claim).rejects.toMatchObject({ exit: 5 });
    await expect(claim).rejects.toThrow(`port ${nats} (nats) is taken by`);
    await expect(claim).rejects.toThrow(`(pid ${process.pid}): stop it or set NATS_PORT`);
    await expect(claim).rejects.toThrow(`port ${orchestrator} (orchestrator) is taken by`);
  });

  test('0 takes a free port', async () => {
    const zero = {
      NATS_PORT: '0',
      ORCHESTRATOR_PORT: '0',
      REDIS_PORT: '0',
      LOAD_BALANCER_PORT: '0',
      COMMUNICATOR_PORT: '0',
    };
    const ports = await claimPorts(zero);
    expect(Object.values(ports).every((port) => port > 1024)).toBe(true);
    expect(new Set(Object.values(ports)).size).toBe(5);
  });

  test('what is no port is refused with the name of the setting', async () => {
    await expect(claimPorts({ REDIS_PORT: '70000' })).rejects.toThrow('REDIS_PORT=70000 is no port');
  });
});

describe('servers', () => {
  test('say who they are and whether they keep what they acknowledge', async () => {
    const nats = await startNats();
    const redis = await startRedis({ appendfsync: 'everysec' });
    try {
      expect(await probeNats(nats.port)).toMatchObject({ jetstream: true, maxPayload: 1_048_576 });
      const info = await probeRedis(redis.port);
      expect(info?.config).toEqual({
        appendonly: 'yes',
        appendfsync: 'everysec',
        'maxmemory-policy': 'noeviction',
      });
      expect(redisDurability(info?.config ?? {}, '7').map(({ status }) => status)).toEqual([
        'ok',
        'warn',
        'ok',
      ]);
      expect(await probeRedis(nats.port)).toBeUndefined();
      expect(await probeNats(redis.port)).toBeUndefined();
    } finally {
      await nats.stop();
      await redis.stop();
    }
    expect(await probeNats(nats.port)).toBeUndefined();
  });
});

describe('the identity of a process', () => {
  test('is its id together with the time of its start', async () => {
    const identity = await identityOf(sleeper());
    if (!identity) throw new Error('no identity');
    expect(await isAlive(identity)).toBe(true);
    expect(await isAlive({ ...identity, startedAt: 'another time' })).toBe(false);
    children[0]?.kill('SIGKILL');
    await eventually(async () => !(await isAlive(identity)));
  });
});

describe('the data directory', () => {
  const open = async (): Promise<DataDirectory> => {
    const opened = new DataDirectory(directoriesOf(directory, '/'), systemClock);
    await opened.open('http://127.0.0.1:8080');
    return opened;
  };

  test('belongs to one process at a time', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({
      exit: 5,
      message: expect.stringContaining(`already running on ${directory} (pid ${process.pid}`) as string,
    });
    await first.close();
    await (await open()).close();
  });

  test('a lock of a process that is gone counts for nothing', async () => {
    await writeFile(
      join(directory, 'dev.lock'),
      JSON.stringify({ pid: process.pid, startedAt: 'long ago', url: 'x' }),
    );
    await (await open()).close();
    await writeFile(join(directory, 'dev.lock'), '{"pid": 12');
    await (await open()).close();
  });

  test('the next start ends what a crash left behind, and nothing else', async () => {
    const [left, stubborn, stranger] = [
      sleeper(),
      sleeper(`trap '' TERM; while :; do sleep 0.1; done`),
      sleeper(),
    ];
    const crashed = await open();
    await crashed.record('left', left);
    await crashed.record('stubborn', stubborn);
    await crashed.close();
    await writeFile(
      join(directory, 'run', 'reused.json'),
      JSON.stringify({ pid: stranger, startedAt: 'long ago' }),
    );
    await (await open()).close();
    expect(
      await Promise.all([left, stubborn, stranger].map(async (pid) => (await identityOf(pid)) !== undefined)),
    ).toEqual([false, false, true]);
  }, 20_000);

  test('a place that cannot be written is one clear line', async () => {
    await writeFile(join(directory, 'file'), '');
    const blocked = new DataDirectory(directoriesOf(join(directory, 'file', 'data'), '/'), systemClock);
    await expect(blocked.open('x')).rejects.toMatchObject({
      exit: 4,
      hint: expect.stringContaining('--data-dir') as string,
    });
  });
});

test.each([
  ['2.8.4', 'fail', /lacks: consumers by name and filter, direct reads/],
  ['2.9.10', 'ok', /all that is required; not there, and not used: several filters/],
  ['2.12.1', 'ok', /^all that is required$/],
])('the doctor says what nats-server %s has of what is needed', (version, status, detail) => {
  expect(natsFeatures(version)).toMatchObject({ status, detail: expect.stringMatching(detail) as string });
});
