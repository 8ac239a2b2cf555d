import { isAbsolute, join } from 'node:path';
import { usageFault } from '../faults';
import { anyFreePort, holderOf, isPortFree } from '../probes/ports';
import { EXIT, Fault } from '../faults';

/** What listens on a port, and the setting that moves it. */
export const PORTS = {
  nats: { setting: 'NATS_PORT', fallback: 4222 },
  redis: { setting: 'REDIS_PORT', fallback: 6379 },
  orchestrator: { setting: 'ORCHESTRATOR_PORT', fallback: 8080 },
  'load-balancer': { setting: 'LOAD_BALANCER_PORT', fallback: 8081 },
  communicator: { setting: 'COMMUNICATOR_PORT', fallback: 8082 },
} as const;
export type PortName = keyof typeof PORTS;
export const PORT_NAMES = Object.keys(PORTS) as PortName[];

export type PortNumbers = Record<PortName, number>;
export type Env = Readonly<Record<string, string | undefined>>;

/** Ports by the environment; 0 stays 0. */
export function configuredPorts(env: Env): PortNumbers {
  const entries = PORT_NAMES.map((name) => {
    const { setting, fallback } = PORTS[name];
    const text = env[setting];
    const port = text === undefined || text === '' ? fallback : Number(text);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw usageFault(`${setting}=${text ?? ''} is no port: a whole number from 0 to 65535`);
    return [name, port] as const;
  });
  // Every name of the table has an entry.
  return Object.fromEntries(entries) as PortNumbers;
}

/** The ports to use: those of the environment, and any free one for 0. Throws one fault that names every port that is taken. */
export async function claimPorts(env: Env): Promise<PortNumbers> {
  const ports = configuredPorts(env);
  const complaints: string[] = [];
  for (const name of PORT_NAMES) {
    if (ports[name] === 0) ports[name] = await anyFreePort();
    else if (!(await isPortFree(ports[name]))) complaints.push(await complaintAbout(name, ports[name]));
  }
  const [first, ...rest] = complaints;
  if (first === undefined) return ports;
  throw new Fault([first, ...rest].join('\n       '), { code: 'port-taken', exit: EXIT.conflict });
}

async function complaintAbout(name: PortName, port: number): Promise<string> {
  const holder = await holderOf(port);
  const by = holder ? ` by ${holder.command || 'a process'} (pid ${holder.pid})` : '';
  return `port ${port} (${name}) is taken${by}: stop it or set ${PORTS[name].setting}`;
}

export interface Directories {
  data: string;
  nats: string;
  redis: string;
  logs: string;
  run: string;
}

export function directoriesOf(given: string, cwd: string): Directories {
  const data = isAbsolute(given) ? given : join(cwd, given);
  return {
    data,
    nats: join(data, 'nats'),
    redis: join(data, 'redis'),
    logs: join(data, 'logs'),
    run: join(data, 'run'),
  };
}
