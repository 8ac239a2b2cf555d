import { lackingFeatures, SERVER_FEATURES, ServiceHealth } from '@multiswarm/contracts';
import { PORTS, type PortName, type PortNumbers } from '../dev/stack-settings';
import { holderOf, isPortFree } from '../probes/ports';
import { probeNats, probeRedis } from '../probes/servers';
import { fail, ok, warn, type Check } from './checks';

const TIMEOUT_MS = 3_000;
/** Messages between the services go up to this size. */
const NEEDED_PAYLOAD_BYTES = 1024 * 1024;

/** Every port: free, or held by what belongs there, which is then asked how it is. */
export async function checkPorts(ports: PortNumbers): Promise<Check[]> {
  const checks = await Promise.all([
    onPort('nats', ports.nats, checkNats),
    onPort('redis', ports.redis, checkRedis),
    onPort('orchestrator', ports.orchestrator, checkService),
    onPort('load-balancer', ports['load-balancer'], checkService),
    onPort('communicator', ports.communicator, checkService),
  ]);
  return checks.flat();
}

type Ask = (name: PortName, port: number) => Promise<Check[] | undefined>;

async function onPort(name: PortName, port: number, ask: Ask): Promise<Check[]> {
  const label = `port ${port}`;
  const { setting } = PORTS[name];
  if (await isPortFree(port)) return [ok(label, `free for ${name} (${setting})`)];
  const answers = await ask(name, port);
  if (answers) return [ok(label, `${name} answers`), ...answers];
  const holder = await holderOf(port);
  const by = holder ? ` by ${holder.command || 'a process'} (pid ${holder.pid})` : '';
  return [fail(label, `taken${by}, and it is no ${name}`, `stop it or set ${setting}`)];
}

async function checkNats(_name: PortName, port: number): Promise<Check[] | undefined> {
  const info = await probeNats(port);
  if (!info) return undefined;
  return [
    info.jetstream
      ? ok('JetStream', `on (nats-server ${info.version})`)
      : fail('JetStream', 'off', 'start nats-server with --jetstream'),
    natsFeatures(info.version),
    info.maxPayload >= NEEDED_PAYLOAD_BYTES
      ? ok('NATS payload', `${info.maxPayload} bytes`)
      : fail(
          'NATS payload',
          `${info.maxPayload} bytes`,
          `set max_payload to ${NEEDED_PAYLOAD_BYTES} or more`,
        ),
  ];
}

/** What a server of this version has of what is required; see docs/nats.md. */
export function natsFeatures(version: string): Check {
  const lacking = lackingFeatures(version);
  const missing = lacking.filter((name) => SERVER_FEATURES[name].need === 'required');
  const [first] = missing;
  if (first !== undefined)
    return fail(
      'NATS features',
      `nats-server ${version} lacks: ${missing.join(', ')}`,
      `install ${SERVER_FEATURES[first].since} or newer`,
    );
  const rest = lacking.length === 0 ? '' : `; not there, and not used: ${lacking.join(', ')}`;
  return ok('NATS features', `all that is required${rest}`);
}

async function checkRedis(_name: PortName, port: number): Promise<Check[] | undefined> {
  const info = await probeRedis(port);
  return info && redisDurability(info.config, info.version);
}

/** Whether this Redis keeps what it acknowledged. */
export function redisDurability(config: Readonly<Record<string, string>>, version: string): Check[] {
  const { appendonly, appendfsync, 'maxmemory-policy': eviction } = config;
  if (appendonly === undefined)
    return [
      warn(
        'Redis durability',
        `redis-server ${version} does not tell its settings`,
        'allow CONFIG GET to check them',
      ),
    ];
  const appended =
    appendonly === 'yes'
      ? ok('Redis append-only file', 'on')
      : fail(
          'Redis append-only file',
          'off: acknowledged work is lost in a crash',
          'CONFIG SET appendonly yes',
        );
  const synced =
    appendfsync === 'always'
      ? ok('Redis appendfsync', 'always')
      : warn(
          'Redis appendfsync',
          `${appendfsync ?? 'unknown'}: the last second can be lost when the machine fails`,
          'CONFIG SET appendfsync always',
        );
  const kept =
    eviction === 'noeviction'
      ? ok('Redis maxmemory-policy', 'noeviction')
      : fail(
          'Redis maxmemory-policy',
          `${eviction ?? 'unknown'}: tasks could be evicted`,
          'CONFIG SET maxmemory-policy noeviction',
        );
  return [appended, synced, kept];
}

async function checkService(name: PortName, port: number): Promise<Check[] | undefined> {
  const health = await healthOf(port);
  if (!health || health.service !== name) return undefined;
  const failing = Object.entries(health.checks).filter(([, { ok: well }]) => !well);
  const because = failing
    .map(([check, { detail }]) => `${check}${detail === undefined ? '' : `: ${detail}`}`)
    .join('; ');
  if (health.status === 'healthy') return [ok(name, `healthy (${health.version})`)];
  const remedy = 'see its log in .multiswarm/logs';
  return [
    health.status === 'down'
      ? fail(name, `down: ${because}`, remedy)
      : warn(name, `degraded: ${because}`, remedy),
  ];
}

async function healthOf(port: number): Promise<ServiceHealth | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const parsed = ServiceHealth.safeParse(await response.json());
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
