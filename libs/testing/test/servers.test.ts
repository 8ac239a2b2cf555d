import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually, startNats, startRedis, type TestServer } from '@multiswarm/testing';

const started: TestServer[] = [];

async function keep(server: Promise<TestServer>): Promise<TestServer> {
  started.push(await server);
  return server;
}

const onTestEnd: (() => void)[] = [];

afterEach(async () => {
  for (const end of onTestEnd.splice(0)) end();
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

/** Sends a line and resolves to the first chunk that comes back; rejects when nobody answers. */
async function ask(port: number, line: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.setEncoding('utf8');
  try {
    await once(socket, 'connect');
    if (line !== '') socket.write(`${line}\r\n`);
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(500) })) as [string];
    return chunk;
  } finally {
    socket.destroy();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const kinds = [
  { name: 'nats-server', start: startNats, line: '', answer: /^INFO .*"jetstream":true/ },
  { name: 'redis-server', start: startRedis, line: 'PING', answer: /^\+PONG/ },
] as const;

describe.each(kinds)('$name', ({ start, line, answer }) => {
  test('answers as soon as the start resolves', async () => {
    const server = await keep(start());
    expect(await ask(server.port, line)).toMatch(answer);
    expect(server.url).toMatch(new RegExp(`://127.0.0.1:${server.port}$`));
  });

  test('is gone with its directory after stop, and a second stop does no harm', async () => {
    const server = await start();
    const { pid, port, dir } = server;
    await server.stop();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dir)).toBe(false);
    await expect(ask(port, line)).rejects.toThrow('ECONNREFUSED');
  });

  test('restarts on its port after a crash', async () => {
    const server = await keep(start());
    const { pid, port } = server;
    await server.kill('SIGKILL');
    expect(isAlive(pid)).toBe(false);
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await ask(port, line)).toMatch(answer);
  });

  test('is silent while frozen and answers again afterwards', async () => {
    const server = await keep(start());
    await server.kill('SIGSTOP');
    await expect(ask(server.port, line)).rejects.toThrow(/abort/i);
    await server.kill('SIGCONT');
    expect(await ask(server.port, line)).toMatch(answer);
  });

  test('restarts from a frozen state', async () => {
    const server = await keep(start());
    await server.kill('SIGSTOP');
    await server.restart();
    expect(await ask(server.port, line)).toMatch(answer);
  });

  test('starts many at once, each on a port of its own', async () => {
    const servers = await Promise.all(Array.from({ length: 6 }, () => keep(start())));
    expect(new Set(servers.map(({ port }) => port)).size).toBe(6);
    for (const { port } of servers) expect(await ask(port, line)).toMatch(answer);
  });
});

test('Redis keeps its data over a crash when every write is synced', async () => {
  const redis = await keep(startRedis({ appendfsync: 'always' }));
  expect(await ask(redis.port, 'SET answer 42')).toBe('+OK\r\n');
  await redis.kill('SIGKILL');
  await redis.restart();
  expect(await ask(redis.port, 'GET answer')).toBe('$2\r\n42\r\n');
});

test('NATS takes further configuration and can run without JetStream', async () => {
  const nats = await keep(startNats({ config: 'max_payload: 4096', jetstream: false }));
  const info = await ask(nats.port, '');
  expect(info).toContain('"max_payload":4096');
  expect(info).not.toContain('"jetstream":true');
});

test('a server that refuses its configuration shows its own words', async () => {
  await expect(startNats({ config: 'max_payload: nonsense {' })).rejects.toThrow(
    /ended before it accepted.*Parse error on line 1/s,
  );
});

test('a test process that is killed leaves no server and no directory behind', async () => {
  const owner = join(__dirname, 'owner-process.ts');
  const child = spawn(process.execPath, ['-C', 'multiswarm-source', '-r', 'ts-node/register', owner], {
    cwd: join(__dirname, '../../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestEnd.push(() => child.kill('SIGKILL'));
  child.stdout.setEncoding('utf8');
  const [line] = (await once(child.stdout, 'data')) as [string];
  const servers = JSON.parse(line) as { pid: number; dir: string }[];
  expect(servers.map(({ pid }) => isAlive(pid))).toEqual([true, true]);
  child.kill('SIGKILL');
  await eventually(() => servers.every(({ pid, dir }) => !isAlive(pid) && !existsSync(dir)), {
    describe: 'the end of both servers',
  });
});

test('the log of a server can be read while it runs', async () => {
  const redis = await keep(startRedis());
  expect(readFileSync(join(redis.dir, 'server.log'), 'utf8')).toContain('Ready to accept connections');
});
