import { createConnection } from 'node:net';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LIMITS, REGIONAL_SUBJECTS } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { read } from './files';
import { run, start } from './run';

let dir: string;
let stop: () => Promise<void> = () => Promise.resolve();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'deploy-'));
});

afterEach(async () => {
  await stop();
  stop = () => Promise.resolve();
  await rm(dir, { recursive: true, force: true });
});

const NATS_CONFIGS = [
  'deploy/nats.conf',
  ...['base', 'overlays/dev', 'overlays/hub', 'overlays/region'].map((folder) => `k8s/${folder}/nats.conf`),
];

describe('the configurations of NATS', () => {
  it.each(NATS_CONFIGS)('%s is valid for the real server', async (config) => {
    const { stderr, code } = await run('nats-server', ['-t', '-c', config], {
      ...{ POD_NAME: 'nats-0', REGION: 'eu-west' },
    });
    expect(stderr).toContain('is valid');
    expect(code).toBe(0);
  });

  it.each(NATS_CONFIGS)('%s lets a message be as large as the services allow', (config) => {
    expect(LIMITS.BUS_MESSAGE_BYTES).toBe(1024 * 1024);
    expect(read(config)).toMatch(/^max_payload: 1MB$/m);
  });

  it('keeps in a region what the region answers for itself, in both directions', () => {
    const config = read('k8s/overlays/region/nats.conf');
    for (const list of ['deny_imports', 'deny_exports']) {
      const subjects = new RegExp(`${list}: \\[([^\\]]*)\\]`).exec(config)?.[1]?.match(/ms\.v1[^"]*/g);
      expect(subjects).toEqual(REGIONAL_SUBJECTS);
    }
  });

  it('names every pod of the cluster as a route, so that any of them finds the others', () => {
    const routes = read('k8s/base/nats.conf').match(/nats:\/\/nats-\d\.nats-headless:6222/g);
    expect(routes).toEqual([0, 1, 2].map((pod) => `nats://nats-${pod}.nats-headless:6222`));
  });

  it('starts a healthy server with JetStream from the one that compose uses', async () => {
    const config = join(dir, 'nats.conf');
    await writeFile(config, read('deploy/nats.conf').replace('"/data"', JSON.stringify(dir)));
    const free = ['-a', '127.0.0.1', '-p', '-1', '-m', '-1', '--ports_file_dir', dir];
    const server = start('nats-server', ['-c', config, ...free]);
    stop = server.stop;
    const monitor = await eventually(async () => {
      const file = (await readdir(dir)).find((name) => name.endsWith('.ports'));
      if (!file) throw new Error(`no ports file yet; the server says: ${server.log()}`);
      // The file is written by the server in this form.
      const ports = JSON.parse(await readFile(join(dir, file), 'utf8')) as { monitoring: [string] };
      return ports.monitoring[0];
    });
    const health = await fetch(`${monitor}/healthz`);
    expect(await health.json()).toEqual({ status: 'ok' });
    const limits: unknown = await (await fetch(`${monitor}/varz`)).json();
    expect(limits).toMatchObject({
      max_payload: LIMITS.BUS_MESSAGE_BYTES,
      jetstream: { config: { store_dir: join(dir, 'jetstream') } },
    });
  });
});

/** Asks a Redis that listens on a socket file; resolves with the raw reply once it holds `until`. */
function ask(socket: string, command: string, until: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = '';
    const connection = createConnection(socket, () => connection.write(`${command}\r\n`));
    connection.once('error', reject).once('close', () => reject(new Error(`closed after: ${reply}`)));
    connection.setEncoding('utf8').on('data', (text: string) => {
      reply += text;
      if (!reply.includes(until)) return;
      resolve(reply);
      connection.destroy();
    });
  });
}

describe('the configuration of Redis', () => {
  it('is the same for compose and Kubernetes', () => {
    expect(read('k8s/base/redis.conf')).toBe(read('deploy/redis.conf'));
  });

  it('starts a real server that fsyncs every commit and refuses writes when it is full', async () => {
    const socket = join(dir, 'redis.sock');
    // Port 0 and a socket file: the test needs no free port.
    const server = start('redis-server', [
      'deploy/redis.conf',
      '--port',
      '0',
      '--unixsocket',
      socket,
      '--dir',
      dir,
      '--maxmemory',
      '100kb',
    ]);
    stop = server.stop;
    await eventually(() => ask(socket, 'PING', '+PONG'));
    const value = async (name: string): Promise<string | undefined> =>
      (await ask(socket, `CONFIG GET ${name}`, `\r\n${name}\r\n`)).split('\r\n')[4];
    expect(await value('appendonly')).toBe('yes');
    expect(await value('appendfsync')).toBe('always');
    expect(await value('no-appendfsync-on-rewrite')).toBe('no');
    expect(await value('maxmemory-policy')).toBe('noeviction');
    expect(await ask(socket, 'SET key value', '\r\n')).toMatch(/^-OOM/);
  });
});
