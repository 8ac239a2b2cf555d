import { join } from 'node:path';
import { startChild, type Child } from '../child';
import type { Endings } from './system';

/** How many of them, the first ones, say nothing from now on. */
export interface SwarmsTold {
  silent: number;
}

/** Swarms that are nothing but heartbeats over NATS, in a process of their own. */
export async function startSwarms(
  natsUrl: string,
  { count, intervalMs }: { count: number; intervalMs: number },
  endings: Endings,
): Promise<Child> {
  const child = startChild({
    name: 'swarms',
    args: ['-r', 'ts-node/register', join(__dirname, 'swarms-process.ts')],
    env: { NATS_URL: natsUrl, BENCH_SWARMS: String(count), BENCH_INTERVAL_MS: String(intervalMs) },
  });
  endings.add(() => child.stop());
  await child.ready;
  return child;
}
