import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Swarm } from '@multiswarm/contracts';
import { HttpApi } from '../api/http-api';
import type { Page } from '../api/pages';
import { paths } from '../api/paths';
import { EXIT, Fault } from '../faults';
import { probeNats, probeRedis } from '../probes/servers';
import { findBinary } from '../processes/find-binary';
import { swarmArguments, type FleetSwarm } from './fleet';
import type { Directories, Env, PortNumbers } from './stack-settings';
import { STAGES, type ProcessSpec } from './supervised-process';

export const SERVICE_NAMES = ['orchestrator', 'load-balancer', 'communicator'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Where the built system lies: this file is `<root>/apps/cli/dist/dev/programs.js` (or the same under `src`). */
export const ROOT = join(__dirname, '..', '..', '..', '..');

const SERVER_READY_MS = 15_000;
const SERVICE_READY_MS = 30_000;
const SWARM_READY_MS = 30_000;
/** Longer than the services' own grace period. */
const SERVICE_STOP_MS = 12_000;
/** `dev` is for trying things: who presses Ctrl-C does not want to wait for half a minute. */
const DRAIN = '3s';
const SWARM_STOP_MS = 12_000;

export interface Stack {
  ports: PortNumbers;
  directories: Directories;
  env: Env;
}

export function addresses({ ports }: Stack): {
  url: string;
  nats: string;
  redis: string;
  of: (service: ServiceName) => string;
} {
  return {
    url: `http://127.0.0.1:${ports.orchestrator}`,
    nats: `nats://127.0.0.1:${ports.nats}`,
    redis: `redis://127.0.0.1:${ports.redis}`,
    of: (service) => `http://127.0.0.1:${ports[service]}`,
  };
}

export function natsSpec(stack: Stack): ProcessSpec {
  const { ports, directories } = stack;
  return {
    ...common(stack, 'nats', STAGES.nats),
    command: installed('nats-server', stack.env),
    args: [
      '--addr',
      '127.0.0.1',
      '--port',
      String(ports.nats),
      '--name',
      'multiswarm-dev',
      '--jetstream',
      '--store_dir',
      directories.nats,
    ],
    ready: async () => (await probeNats(ports.nats))?.jetstream === true,
    readyTimeoutMs: SERVER_READY_MS,
    stopTimeoutMs: SERVICE_STOP_MS,
  };
}

/** Every commit reaches the disk before it is acknowledged, and nothing is ever evicted. */
export function redisSpec(stack: Stack): ProcessSpec {
  const { ports, directories } = stack;
  const place = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(ports.redis),
    '--dir',
    directories.redis,
    '--daemonize',
    'no',
  ];
  const durability = [
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--maxmemory-policy',
    'noeviction',
  ];
  return {
    ...common(stack, 'redis', STAGES.redis),
    command: installed('redis-server', stack.env),
    args: [...place, ...durability],
    ready: async () => (await probeRedis(ports.redis)) !== undefined,
    readyTimeoutMs: SERVER_READY_MS,
    stopTimeoutMs: SERVICE_STOP_MS,
  };
}

export function serviceSpec(stack: Stack, name: ServiceName): ProcessSpec {
  const main = join(ROOT, 'services', name, 'dist', 'main.js');
  if (!existsSync(main)) throw notBuilt(main);
  const { nats, redis, of } = addresses(stack);
  const { ports, env } = stack;
  return {
    ...common(stack, name, STAGES.services),
    env: {
      ...env,
      LOG_LEVEL: env['LOG_LEVEL'] || 'debug',
      NATS_URL: nats,
      REDIS_URL: redis,
      ORCHESTRATOR_PORT: String(ports.orchestrator),
      LOAD_BALANCER_PORT: String(ports['load-balancer']),
      COMMUNICATOR_PORT: String(ports.communicator),
    },
    command: process.execPath,
    args: [main],
    ready: () => isReady(of(name)),
    readyTimeoutMs: SERVICE_READY_MS,
    stopTimeoutMs: SERVICE_STOP_MS,
  };
}

export function swarmSpec(
  stack: Stack,
  swarm: FleetSwarm,
  connected: () => Promise<ReadonlySet<string>>,
): ProcessSpec {
  const { nats } = addresses(stack);
  return {
    ...common(stack, swarm.swarmId, STAGES.swarms),
    command: process.execPath,
    args: [join(ROOT, 'apps', 'cli', 'bin', 'swarmctl.js'), ...swarmArguments(swarm, nats, DRAIN)],
    ready: async () => (await connected()).has(swarm.swarmId),
    readyTimeoutMs: SWARM_READY_MS,
    stopTimeoutMs: SWARM_STOP_MS,
  };
}

const LLM_SETTINGS = ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_MODEL'] as const;
const LLM_SWARM = 'eu-west-writers';

/** A swarm whose agents write with a language model, where one is configured. */
export function llmSpec(
  stack: Stack,
  connected: () => Promise<ReadonlySet<string>>,
): ProcessSpec | undefined {
  if (!LLM_SETTINGS.every((name) => stack.env[name])) return undefined;
  return {
    ...common(stack, LLM_SWARM, STAGES.swarms),
    env: { ...stack.env, NATS_URL: addresses(stack).nats, SWARM_ID: LLM_SWARM },
    command: process.execPath,
    args: ['-C', 'multiswarm-source', '-r', 'ts-node/register', join('examples', 'delivery', 'llm-agent.ts')],
    ready: async () => (await connected()).has(LLM_SWARM),
    readyTimeoutMs: SWARM_READY_MS,
    stopTimeoutMs: SWARM_STOP_MS,
  };
}

const FRESH_MS = 100;

/** One that is cordoned takes nothing new, also after a restart, until somebody uncordons it: it is up all the same. */
function isUp(state: Swarm['state']): boolean {
  return state === 'ready' || state === 'cordoned';
}

/** The swarms that the orchestrator sees now; asked once for all who want to know at the same time. */
export function connectedSwarms(url: string, now: () => number): () => Promise<ReadonlySet<string>> {
  const api = new HttpApi(url, 2_000);
  let askedAt = -Infinity;
  let answer: Promise<ReadonlySet<string>> = Promise.resolve(new Set<string>());
  return () => {
    if (now() - askedAt < FRESH_MS) return answer;
    askedAt = now();
    answer = api
      .get<Page<Swarm>>(paths.swarms)
      .then(({ items }) => new Set(items.filter(({ state }) => isUp(state)).map(({ swarmId }) => swarmId)))
      .catch(() => new Set<string>());
    return answer;
  };
}

function common(
  stack: Stack,
  name: string,
  stage: number,
): Pick<ProcessSpec, 'name' | 'stage' | 'env' | 'cwd' | 'logFile'> {
  // Agents of the fleet name their files relative to the repository.
  return { name, stage, env: stack.env, cwd: ROOT, logFile: join(stack.directories.logs, `${name}.log`) };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function installed(binary: string, env: Env): string {
  const found = findBinary(binary, env['PATH']);
  if (found !== undefined) return found;
  throw new Fault(`${binary} is not installed`, {
    code: 'not-installed',
    exit: EXIT.unavailable,
    hint: 'run "npm start" or "node scripts/setup.mjs", which install it where they can, or use "docker compose up"',
  });
}

function notBuilt(file: string): Fault {
  return new Fault(`${file} is not there: the services are not built`, {
    code: 'not-built',
    exit: EXIT.unavailable,
    hint: 'run "npm start" or "node scripts/setup.mjs" once',
  });
}
