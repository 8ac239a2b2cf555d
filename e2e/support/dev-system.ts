import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@multiswarm/testing';

export const ROOT = join(__dirname, '..', '..');
const SWARMCTL = join(ROOT, 'apps', 'cli', 'bin', 'swarmctl.js');
const START_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 40_000;

export interface Ended {
  code: number | NodeJS.Signals;
  out: string;
  err: string;
}

/** A built swarmctl as a process. */
export class Swarmctl {
  readonly child: ChildProcess;
  readonly exited: Promise<Ended>;
  private readonly written = { out: '', err: '' };

  constructor(args: readonly string[], env: Readonly<Record<string, string>>, stdin = '') {
    const child = spawn(process.execPath, [SWARMCTL, ...args], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: 'pipe',
    });
    this.child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.written.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.written.err += text));
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    this.exited = new Promise((resolve) =>
      child.once('close', (code, signal) => resolve({ code: signal ?? code ?? 0, ...this.written })),
    );
  }

  get out(): string {
    return this.written.out;
  }

  get err(): string {
    return this.written.err;
  }
}

/** One `swarmctl dev` with data, ports and processes of its own, and everything to look at it from outside. */
export class DevSystem {
  /** In the environment of every process of this system, whoever started it. */
  private readonly marker = `e2e-${randomUUID()}`;
  private process: Swarmctl | undefined;
  private others: Swarmctl[] = [];

  private constructor(
    readonly directory: string,
    private readonly env: Readonly<Record<string, string>>,
    readonly ports: readonly number[],
  ) {}

  static async prepare(): Promise<DevSystem> {
    const settings = [
      'NATS_PORT',
      'REDIS_PORT',
      'ORCHESTRATOR_PORT',
      'LOAD_BALANCER_PORT',
      'COMMUNICATOR_PORT',
    ];
    const ports = await freePorts(settings.length);
    const env = Object.fromEntries(settings.map((name, index) => [name, String(ports[index])]));
    return new DevSystem(await mkdtemp(join(tmpdir(), 'multiswarm-e2e-')), env, ports);
  }

  get url(): string {
    return `http://127.0.0.1:${this.env['ORCHESTRATOR_PORT'] ?? ''}`;
  }

  get nats(): string {
    return `nats://127.0.0.1:${this.env['NATS_PORT'] ?? ''}`;
  }

  get pid(): number {
    return this.process?.child.pid ?? 0;
  }

  /** `swarmctl dev` with these arguments. */
  launch(...args: string[]): Swarmctl {
    this.process = new Swarmctl(['dev', '--data-dir', this.directory, ...args], this.environment());
    return this.process;
  }

  /** Launches it and waits until it says that it is up. */
  async start(...args: string[]): Promise<Swarmctl> {
    const started = this.launch(...args);
    await eventually(() => started.out.includes('Running') || started.child.exitCode !== null, {
      timeoutMs: START_TIMEOUT_MS,
      describe: () => `the start of the system, which said: ${started.err}`,
    });
    if (started.child.exitCode !== null) throw new Error(`dev ended: ${started.err}`);
    return started;
  }

  /** Any other command against this system. */
  run(...args: string[]): Promise<Ended> {
    return this.runWith('', ...args);
  }

  runWith(stdin: string, ...args: string[]): Promise<Ended> {
    return this.background(args, stdin).exited;
  }

  background(args: readonly string[], stdin = ''): Swarmctl {
    const started = new Swarmctl(
      args,
      { ...this.environment(), MULTISWARM_URL: this.url, NATS_URL: this.nats },
      stdin,
    );
    this.others.push(started);
    return started;
  }

  /** The parsed output of a command that must succeed. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, out, err } = await this.run(...args, '-o', 'json');
    if (code !== 0) throw new Error(`swarmctl ${args.join(' ')} ended with ${code}: ${err}`);
    return JSON.parse(out) as T;
  }

  /** The process id of a child, as the system itself recorded it. */
  async pidOf(name: string): Promise<number> {
    return eventually(
      async () =>
        (JSON.parse(await readFile(join(this.directory, 'run', `${name}.json`), 'utf8')) as { pid: number })
          .pid,
    );
  }

  /** Every process that belongs to this system, by what its environment says. */
  processes(): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => readText(`/proc/${pid}/environ`).includes(this.marker))
      .map((pid) => `${pid} ${readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
  }

  async takenPorts(): Promise<number[]> {
    const free = await Promise.all(this.ports.map(isFree));
    return this.ports.filter((_port, index) => free[index] !== true);
  }

  /** Resolves when no process and no port is left. */
  async gone(): Promise<void> {
    await eventually(async () => this.processes().length === 0 && (await this.takenPorts()).length === 0, {
      timeoutMs: END_TIMEOUT_MS,
      describe: async () =>
        `the end of everything (left: ${[...this.processes(), ...(await this.takenPorts())].join('; ')})`,
    });
  }

  /** Ctrl-C. */
  async interrupt(): Promise<Ended | undefined> {
    this.process?.child.kill('SIGINT');
    return this.process?.exited;
  }

  async dispose(): Promise<void> {
    for (const other of this.others) other.child.kill('SIGKILL');
    await this.interrupt();
    await this.gone();
    await rm(this.directory, { recursive: true, force: true });
  }

  private environment(): Record<string, string> {
    return { ...this.env, MULTISWARM_E2E: this.marker };
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  // A TCP server that listens has an AddressInfo; strings are for pipes.
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
