import { accessSync, constants } from 'node:fs';
import {
  BALANCERS,
  COMMUNICATORS,
  LEAF_ORCHESTRATOR,
  ORCHESTRATORS,
  REGIONS,
  SWARMS,
} from '../system/settings';
import type { PossibleFault } from './plan';

const RESTARTED = { leastMs: 0, mostMs: 1_000 };
const KILLED = { leastMs: 100, mostMs: 3_000 };
/** Less and more than leases, region timeouts and three heartbeats. */
const FROZEN = { leastMs: 300, mostMs: 8_000 };
const CUT = { leastMs: 500, mostMs: 10_000 };
const FULL_DISKS = ['disk-full', 'writes-refused'] as const;
const SERVER_GONE = { leastMs: 100, mostMs: 4_000 };

export const PRLIMIT = ['/usr/bin/prlimit', '/bin/prlimit'].find(isExecutable);

/** Every fault that can be done here. */
export function possibleFaults(): PossibleFault[] {
  const programs = [
    ...[...ORCHESTRATORS, LEAF_ORCHESTRATOR, ...BALANCERS, ...COMMUNICATORS],
    ...SWARMS.map(({ id }) => id),
  ];
  const servers = ['nats', 'redis', 'leaf'];
  return [
    ...programs.map((target) => ({ kind: 'restart' as const, target, ...RESTARTED })),
    ...programs.map((target) => ({ kind: 'kill' as const, target, ...KILLED })),
    ...programs.map((target) => ({ kind: 'freeze' as const, target, ...FROZEN })),
    ...servers.map((target) => ({ kind: 'kill' as const, target, ...SERVER_GONE })),
    ...servers.map((target) => ({ kind: 'freeze' as const, target, ...SERVER_GONE })),
    ...[REGIONS.far, REGIONS.leaf].map((target) => ({ kind: 'cut' as const, target, ...CUT })),
    ...(PRLIMIT ? FULL_DISKS.map((kind) => ({ kind, target: 'redis', ...SERVER_GONE })) : []),
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
