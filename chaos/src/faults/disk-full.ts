import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { eventually, type TestServer } from '@multiswarm/testing';
import { PRLIMIT } from './possible';

const run = promisify(execFile);
/** What still goes into the append-only file: the append after that is cut short, as on a disk that is full. */
const ROOM_BYTES = 2 * 1024;
const LOOK_MS = 50;
/** A disk that is full is noticed with the next write, and leases are renewed all the time. */
const NOTICED_MS = 10_000;
/** Redis tries a failed write again every second. */
const RECOVERED_MS = 15_000;
const COMPLAINT = /[^\n]*(?:writing to the AOF file|AOF write error)[^\n]*/gi;

/**
 * Redis cannot write any more than a little to its append-only file: the size of its files is limited to what they have, and
 * the write that is too much fails. With `appendfsync always` it says so and ends itself, and so does each next process
 * that is started meanwhile, as a supervisor would start them.
 * @returns what Redis said
 */
export async function fillDisk(redis: TestServer, forMs: number): Promise<string> {
  const limit = roomLeft(redis);
  const from = performance.now();
  const said = new Set<string>();
  await setLimit(redis.pid, limit);
  while (performance.now() - from < (said.size > 0 ? forMs : NOTICED_MS)) {
    await delay(LOOK_MS);
    for (const line of complaintsOf(redis)) said.add(line);
    if (pidOf(redis) !== undefined) continue;
    await redis.restart().catch(() => undefined);
    const pid = pidOf(redis);
    if (pid !== undefined) await setLimit(pid, limit).catch(() => undefined);
  }
  const pid = pidOf(redis);
  if (pid !== undefined) await setLimit(pid, 'unlimited').catch(() => undefined);
  // It may have been ending itself in that very moment.
  await delay(LOOK_MS);
  if (pidOf(redis) === undefined) await redis.restart();
  return [...said].join('; ');
}

/**
 * The same for a Redis with `appendfsync everysec`: it goes on, answers reads, and refuses everything that would change anything
 * (MISCONF), until what it has could be written. What it had accepted by then is in its memory: nothing may end it.
 * @returns what Redis said
 */
export async function refuseWrites(redis: TestServer, forMs: number): Promise<string> {
  await command(redis, 'CONFIG SET appendfsync everysec', /^\+OK/);
  try {
    await setLimit(redis.pid, roomLeft(redis));
    await eventually(() => command(redis, 'INFO persistence', /aof_last_write_status:err/), {
      ...{ timeoutMs: NOTICED_MS, describe: 'Redis noticing that its disk is full' },
    });
    await delay(forMs);
    return complaintsOf(redis).at(-1) ?? '';
  } finally {
    await setLimit(redis.pid, 'unlimited');
    await eventually(() => command(redis, 'INFO persistence', /aof_last_write_status:ok/), {
      ...{ timeoutMs: RECOVERED_MS, describe: 'Redis writing again' },
    });
    await command(redis, 'CONFIG SET appendfsync always', /^\+OK/);
  }
}

/** Whether it answers so. */
async function command({ port }: TestServer, text: string, expected: RegExp): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    socket.setEncoding('utf8').write(`${text}\r\n`);
    // One of its answers fits into one packet of this machine.
    const [reply] = (await once(socket, 'data')) as [string];
    return expected.test(reply);
  } finally {
    socket.destroy();
  }
}

/** In its own words, of the process of this moment, without the time at the head of each line and the numbers at its end. */
function complaintsOf({ dir }: TestServer): string[] {
  const lines = readFileSync(join(dir, 'server.log'), 'utf8').match(COMPLAINT) ?? [];
  return lines
    .filter((line) => !line.includes('looks solved'))
    .map((line) => line.replace(/^.*? [#*-] /, '').replace(/: \(nwritten.*$/, ''));
}

function pidOf(server: TestServer): number | undefined {
  try {
    return server.pid;
  } catch {
    return undefined;
  }
}

function roomLeft({ dir }: TestServer): string {
  return String(sizeOfGrowing(join(dir, 'appendonlydir')) + ROOM_BYTES);
}

/** The soft limit: it can be raised again. */
async function setLimit(pid: number, bytes: string): Promise<void> {
  await run(PRLIMIT ?? 'prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

/** Of the file to which Redis appends, which after a rewrite is smaller than the one beside it that was rewritten. */
function sizeOfGrowing(directory: string): number {
  const numbers = readdirSync(directory).flatMap((name) => {
    const number = /\.(\d+)\.incr\.aof$/.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  const newest = numbers.sort((x, y) => y.number - x.number)[0];
  return newest ? statSync(join(directory, newest.name)).size : 0;
}
