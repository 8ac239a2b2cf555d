import { accessSync, constants } from 'node:fs';
import {
  BALANCERS,
  COMMUNICATOR,
  LEAF_ORCHESTRATOR,
  ORCHESTRATORS,
  REGIONS,
  SWARMS,
} from '../system/settings';
import type { PossibleFault } from './plan';

const KILLED = { leastMs: 100, mostMs: 3_000 };
/** Less and more than leases, region timeouts and three heartbeats. */
const FROZEN = { leastMs: 300, mostMs: 8_000 };
const CUT = { leastMs: 500, mostMs: 10_000 };
const SERVER_GONE = { leastMs: 100, mostMs: 4_000 };

export const PRLIMIT = ['/usr/bin/prlimit', '/bin/prlimit'].find(isExecutable);

/** Every fault that can be done here. */
export function possibleFaults(): PossibleFault[] {
  const programs = [
    ...[...ORCHESTRATORS, LEAF_ORCHESTRATOR, ...BALANCERS, COMMUNICATOR],
    ...SWARMS.map(({ id }) => id),
  ];
  const servers = ['nats', 'redis', 'leaf'];
  return [
    ...programs.map((target) => ({ kind: 'kill' as const, target, ...KILLED })),
    ...programs.map((target) => ({ kind: 'freeze' as const, target, ...FROZEN })),
    ...servers.map((target) => ({ kind: 'kill' as const, target, ...SERVER_GONE })),
    ...servers.map((target) => ({ kind: 'freeze' as const, target, ...SERVER_GONE })),
    ...[REGIONS.far, REGIONS.leaf].map((target) => ({ kind: 'cut' as const, target, ...CUT })),
    ...(PRLIMIT ? [{ kind: 'disk-full' as const, target: 'redis', ...SERVER_GONE }] : []),
  ];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
