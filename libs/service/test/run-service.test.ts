import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const FIXTURE = join(__dirname, 'fixtures/service-process.ts');

/** A service as a real process; `seen` waits for a text on either of its outputs. */
class Running {
  out = '';
  err = '';
  private readonly child: ChildProcess;
  private readonly exited: Promise<number | null>;

  constructor(env: Record<string, string> = {}, argv: string[] = []) {
    this.child = spawn(
      process.execPath,
      ['-C', 'multiswarm-source', '-r', 'ts-node/register', FIXTURE, ...argv],
      {
        cwd: ROOT,
        env: { PATH: process.env['PATH'], COMMUNICATOR_PORT: '0', ...env },
      },
    );
    this.child.stdout?.on('data', (chunk) => (this.out += String(chunk)));
    this.child.stderr?.on('data', (chunk) => (this.err += String(chunk)));
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
  }

  seen(part: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (`${this.out}${this.err}`.includes(part)) resolve();
      };
      this.child.stdout?.on('data', look);
      this.child.stderr?.on('data', look);
      this.child.once('close', () => reject(new Error(`ended before "${part}": ${this.out}${this.err}`)));
      look();
    });
  }

  async url(): Promise<string> {
    await this.seen('"listening"');
    return String(this.line('listening')['address']);
  }

  lines(): Record<string, unknown>[] {
    return this.err
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  line(message: string): Record<string, unknown> {
    return this.lines().find((line) => line['message'] === message) ?? {};
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  exit(): Promise<number | null> {
    return this.exited;
  }
}

let service: Running;
afterEach(async () => {
  service.signal('SIGKILL');
  await service.exit();
});

describe('a service', () => {
  test('listens on a free port that its log names, and is ready', async () => {
    service = new Running();
    const url = await service.url();
    expect(service.line('listening')).toMatchObject({
      level: 'info',
      service: 'communicator',
      version: '1.2.3',
    });
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({
      status: 'healthy',
      checks: { always: { ok: true } },
    });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s finishes the request in flight, stops, cleans up and exits with 0',
    async (signal) => {
      service = new Running();
      const url = await service.url();
      const reply = fetch(`${url}/slow`);
      await service.seen('entered');
      service.signal(signal);
      expect(await (await reply).json()).toEqual({ done: true });
      expect(await service.exit()).toBe(0);
      expect(service.out.trim().split('\n')).toEqual([
        'entered',
        'stopped',
        'cleaned last registered',
        'cleaned first registered',
      ]);
      expect(service.lines().at(-1)).toMatchObject({ message: 'stopped' });
    },
  );

  test('a second signal ends it at once with 1', async () => {
    service = new Running({ MODE: 'stuck' });
    const url = await service.url();
    const reply = fetch(`${url}/slow`).catch(() => 'cut');
    await service.seen('entered');
    service.signal('SIGTERM');
    await service.seen('shutting down');
    service.signal('SIGTERM');
    expect(await service.exit()).toBe(1);
    expect(await reply).toBe('cut');
  });

  test('a request that never ends is cut within the grace period, and the rest is done in order', async () => {
    service = new Running({ MODE: 'stuck', SHUTDOWN_GRACE_MS: '500' });
    const url = await service.url();
    const reply = fetch(`${url}/slow`).catch(() => 'cut');
    await service.seen('entered');
    service.signal('SIGTERM');
    expect(await reply).toBe('cut');
    expect(await service.exit()).toBe(0);
    expect(service.out).toContain('stopped');
  });

  test('the end of the grace period ends it with 1, whatever still hangs', async () => {
    service = new Running({ MODE: 'stuck-stop', SHUTDOWN_GRACE_MS: '300' });
    await service.url();
    service.signal('SIGTERM');
    expect(await service.exit()).toBe(1);
    expect(service.lines().at(-1)).toMatchObject({ message: 'the grace period is over: ending at once' });
  });

  test('while it starts, it lives, is not ready, and tells callers to come back', async () => {
    service = new Running({ MODE: 'slow-start', COMMUNICATOR_PORT: '0', LOG_LEVEL: 'debug' });
    await service.seen('"starting"');
    const url = String(service.line('starting')['address']);
    const [live, ready, other] = await Promise.all(
      ['/health/live', '/health/ready', '/slow'].map((path) => fetch(url + path)),
    );
    expect([live?.status, ready?.status, other?.status]).toEqual([200, 503, 503]);
    expect(await other?.json()).toMatchObject({ code: 'not-ready', retryable: true });
    await service.seen('"listening"');
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });
});

describe('a service that cannot run', () => {
  test('lists all faults of its configuration in plain lines, and exits with 2', async () => {
    service = new Running({ COMMUNICATOR_PORT: 'http', LOG_LEVEL: 'loud' });
    expect(await service.exit()).toBe(2);
    expect(service.err).toBe(
      [
        'communicator: the configuration has 2 faults',
        '  - COMMUNICATOR_PORT (from environment): given "http"; allowed: a whole number from 0 to 65535',
        '  - LOG_LEVEL (from environment): given "loud"; allowed: debug, info, warn, error, silent',
        '',
      ].join('\n'),
    );
  });

  test('says in one line why it cannot start, cleans up, and exits with 1', async () => {
    service = new Running({ MODE: 'cannot-start' });
    expect(await service.exit()).toBe(1);
    expect(service.lines().at(-1)).toMatchObject({
      level: 'error',
      code: 'bus-unavailable',
      message: 'cannot start: NATS does not answer at nats://127.0.0.1:4222',
    });
    expect(service.out).toBe('cleaned last registered\ncleaned first registered\n');
  });

  test('names a taken port and the setting that changes it, and exits with 2', async () => {
    service = new Running();
    const port = new URL(await service.url()).port;
    const second = new Running({ COMMUNICATOR_PORT: port });
    expect(await second.exit()).toBe(2);
    expect(second.lines().at(-1)?.['message']).toMatch(
      new RegExp(`port ${port} on 127.0.0.1 is taken: .*COMMUNICATOR_PORT`),
    );
  });

  test('logs a fault that nobody caught with its cause, and exits with 1', async () => {
    service = new Running();
    const url = await service.url();
    await fetch(`${url}/crash`, { method: 'POST' }).catch(() => undefined);
    expect(await service.exit()).toBe(1);
    expect(service.line('uncaught exception')).toMatchObject({
      error: { message: 'broken', cause: { message: 'deep inside' } },
    });
  });
});

test('--help lists the settings of the service, and --version its version', async () => {
  service = new Running({}, ['--help']);
  expect(await service.exit()).toBe(0);
  expect(service.out).toContain('COMMUNICATOR_PORT');
  expect(service.out).not.toContain('TASK_RETENTION_MS');
  service = new Running({}, ['--version']);
  expect(await service.exit()).toBe(0);
  expect(service.out).toBe('communicator 1.2.3\n');
});
