import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually, startNats, startRedis, type NatsOptions, type TestServer } from '@multiswarm/testing';

export const ROOT = join(__dirname, '..');
const SERVICES = ['orchestrator', 'load-balancer', 'communicator'] as const;
export type ServiceName = (typeof SERVICES)[number];

const READY_MS = 20_000;
const END_MS = 15_000;

/** One line of a service's or a swarm's log. */
export interface LogLine {
  message: string;
  level: string;
  service: string;
  traceId?: string;
  taskId?: string;
  address?: string;
}

/** A Node.js program of ours as a process: its output, its log, its end. */
export interface Program {
  readonly process: ChildProcess;
  /** Resolves with the exit code once the process is gone and all of its output is here. */
  readonly ended: Promise<number | null>;
  stdout(): string;
  stderr(): string;
  /** The lines of stderr that are log lines. */
  log(): LogLine[];
  /** SIGTERM, and SIGKILL to what does not end of it; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** A further replica of a service. */
export interface AddedReplica {
  readonly program: Program;
  readonly url: string;
}

/** Real NATS, real Redis, and the three services as built, each a process of its own, all on free ports. */
export interface Stack {
  readonly nats: TestServer;
  readonly redis: TestServer;
  readonly services: Readonly<Record<ServiceName, Program>>;
  url(service: ServiceName): string;
  /** What a program needs to find this stack. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts one more orchestrator; resolves when it is ready. */
  addOrchestrator(): Promise<AddedReplica>;
  /** The same of the load-balancer. */
  addLoadBalancer(): Promise<AddedReplica>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts `node <args>` from the repository's root. */
export function startProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let out = '';
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(() => {
    running.delete(child);
    return child.exitCode;
  });
  return {
    process: child,
    ended,
    stdout: () => out,
    stderr: () => lines.join('\n'),
    log: () => lines.flatMap(parseLine),
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), END_MS);
      const code = await ended;
      clearTimeout(late);
      return code;
    },
  };
}

export async function startStack(
  env: Readonly<Record<string, string>> = {},
  natsOptions: NatsOptions = {},
): Promise<Stack> {
  const [nats, redis] = await Promise.all([startNats(natsOptions), startRedis({ appendfsync: 'always' })]);
  const started: Program[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((program) => program.stop()));
    await Promise.all([nats.stop(), redis.stop()]);
  };
  try {
    const start = (name: ServiceName): Program => {
      const program = startService(name, { NATS_URL: nats.url, REDIS_URL: redis.url, ...env });
      started.push(program);
      return program;
    };
    const services = {
      orchestrator: start('orchestrator'),
      'load-balancer': start('load-balancer'),
      communicator: start('communicator'),
    };
    const found = await Promise.all(SERVICES.map((name) => untilReady(name, services[name])));
    const urls = new Map(SERVICES.map((name, index) => [name, found[index] ?? '']));
    const url = (service: ServiceName): string => urls.get(service) ?? '';
    const add = async (name: ServiceName): Promise<AddedReplica> => {
      const program = start(name);
      return { program, url: await untilReady(name, program) };
    };
    return {
      nats,
      redis,
      services,
      url,
      env: { NATS_URL: nats.url, MULTISWARM_URL: url('orchestrator') },
      addOrchestrator: () => add('orchestrator'),
      addLoadBalancer: () => add('load-balancer'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startService(name: ServiceName, env: Readonly<Record<string, string>>): Program {
  const main = join(ROOT, 'services', name, 'dist', 'main.js');
  if (!existsSync(main)) throw new Error(`${main} is not built: run "node scripts/setup.mjs"`);
  const ports = { ORCHESTRATOR_PORT: '0', LOAD_BALANCER_PORT: '0', COMMUNICATOR_PORT: '0' };
  return startProgram([main], { LOG_LEVEL: 'debug', LOG_FORMAT: 'json', ...ports, ...env });
}

/** @returns the address that the service listens on */
function untilReady(name: ServiceName, program: Program): Promise<string> {
  return eventually(
    async () => {
      const address = program.log().find(({ message }) => message === 'listening')?.address;
      if (address === undefined) return undefined;
      const { ok } = await fetch(`${address}/health/ready`, { headers: { connection: 'close' } });
      return ok && address;
    },
    { timeoutMs: READY_MS, describe: () => `${name} ready; its log:\n${program.stderr()}\n` },
  );
}

function parseLine(line: string): LogLine[] {
  try {
    const parsed: unknown = JSON.parse(line);
    // Every line of ours carries these fields; other output that is JSON by chance does not.
    return typeof parsed === 'object' && parsed !== null && 'message' in parsed ? [parsed as LogLine] : [];
  } catch {
    return [];
  }
}
