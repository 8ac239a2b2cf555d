import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { TestServer } from '@multiswarm/testing';
import { PRLIMIT } from './possible';

const run = promisify(execFile);
/** What still goes into the append-only file: the append after that is cut short, as on a disk that is full. */
const ROOM_BYTES = 8 * 1024;
const LOOK_MS = 100;

/**
 * Redis cannot write any more than a little to its append-only file: the size of its files is limited to what they have. The system ends
 * it (SIGXFSZ) in the middle of the append that is too much, as Redis ends itself on a full disk with `appendfsync always`; so
 * it does each next process that is started meanwhile, as a supervisor would start them.
 */
export async function fillDisk(redis: TestServer, forMs: number): Promise<void> {
  const limit = sizeOfLargest(join(redis.dir, 'appendonlydir')) + ROOM_BYTES;
  const until = performance.now() + forMs;
  await setLimit(redis.pid, String(limit));
  while (performance.now() < until) {
    await delay(LOOK_MS);
    if (pidOf(redis) !== undefined) continue;
    await redis.restart().catch(() => undefined);
    const pid = pidOf(redis);
    if (pid !== undefined) await setLimit(pid, String(limit)).catch(() => undefined);
  }
  const pid = pidOf(redis);
  if (pid !== undefined) await setLimit(pid, 'unlimited').catch(() => undefined);
  // It may have been ending itself in that very moment.
  await delay(LOOK_MS);
  if (pidOf(redis) === undefined) await redis.restart();
}

function pidOf(server: TestServer): number | undefined {
  try {
    return server.pid;
  } catch {
    return undefined;
  }
}

/** The soft limit: it can be raised again. */
async function setLimit(pid: number, bytes: string): Promise<void> {
  await run(PRLIMIT ?? 'prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

function sizeOfLargest(directory: string): number {
  return Math.max(0, ...readdirSync(directory).map((name) => statSync(join(directory, name)).size));
}
