import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delay, type Clock } from '@multiswarm/core';
import { codeOf } from '../error-code';
import { EXIT, Fault } from '../faults';
import { identityOf, isAlive, type ProcessIdentity } from '../processes/identity';
import { signalGroup } from '../processes/process-group';
import type { Directories } from './stack-settings';

interface Lock extends ProcessIdentity {
  url: string;
}

const LOCK = 'dev.lock';
const END_TIMEOUT_MS = 8_000;
const POLL_MS = 50;

/**
 * The directory of one running system: its data, its logs, who runs it, and which processes belong to it.
 *
 * D1. One `dev` per directory: the lock names its process, and a lock whose process is gone counts for nothing.
 * D2. Every child is recorded before it is used, so that the next start can end what a crash left behind.
 * D3. A recorded process is ended only if it is still the one that was recorded (same id, same time of start).
 */
export class DataDirectory {
  constructor(
    private readonly directories: Directories,
    private readonly clock: Clock,
  ) {}

  /** Creates the directories and takes the lock; ends what an earlier run left behind. */
  async open(url: string): Promise<void> {
    await this.create();
    await this.takeLock(url);
    await this.endLeftovers();
  }

  /** Corrects the address in the lock once the ports are known. */
  async announce(url: string): Promise<void> {
    const lock = await readRecord<Lock>(this.lockFile);
    if (lock) await writeFile(this.lockFile, JSON.stringify({ ...lock, url }));
  }

  async close(): Promise<void> {
    await rm(this.lockFile, { force: true });
  }

  /** Deletes the data of NATS and Redis, and the logs. Only while the lock is held. */
  async wipe(): Promise<void> {
    const { nats, redis, logs } = this.directories;
    for (const directory of [nats, redis, logs]) await rm(directory, { recursive: true, force: true });
    await this.create();
  }

  async record(name: string, pid: number): Promise<void> {
    const identity = await identityOf(pid);
    if (identity) await writeFile(this.recordFile(name), JSON.stringify(identity));
  }

  async forget(name: string): Promise<void> {
    await rm(this.recordFile(name), { force: true });
  }

  private get lockFile(): string {
    return join(this.directories.data, LOCK);
  }

  private recordFile(name: string): string {
    return join(this.directories.run, `${name}.json`);
  }

  private async create(): Promise<void> {
    const { data, nats, redis, logs, run } = this.directories;
    try {
      for (const directory of [data, nats, redis, logs, run]) await mkdir(directory, { recursive: true });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Fault(`cannot write to ${data}: ${why}`, {
        code: 'unwritable',
        exit: EXIT.notAllowed,
        hint: 'choose another place with --data-dir',
        cause,
      });
    }
  }

  private async takeLock(url: string): Promise<void> {
    const own = await identityOf(process.pid);
    const lock: Lock = { pid: process.pid, startedAt: own?.startedAt ?? '', url };
    for (;;) {
      try {
        await writeFile(this.lockFile, JSON.stringify(lock), { flag: 'wx' });
        return;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      const holder = await readRecord<Lock>(this.lockFile);
      if (holder && (await isAlive(holder))) throw alreadyRunning(this.directories.data, holder);
      await rm(this.lockFile, { force: true });
    }
  }

  private async endLeftovers(): Promise<void> {
    const files = (await readdir(this.directories.run)).filter((name) => name.endsWith('.json'));
    const records = await Promise.all(
      files.map((name) => readRecord<ProcessIdentity>(join(this.directories.run, name))),
    );
    const alive: ProcessIdentity[] = [];
    for (const record of records) {
      if (record && (await isAlive(record))) alive.push(record);
    }
    await this.end(alive);
    for (const name of files) await rm(join(this.directories.run, name), { force: true });
  }

  private async end(left: ProcessIdentity[]): Promise<void> {
    for (const { pid } of left) signalGroup(pid, 'SIGTERM');
    const deadline = this.clock.monotonic() + END_TIMEOUT_MS;
    for (;;) {
      const alive: ProcessIdentity[] = [];
      for (const record of left) if (await isAlive(record)) alive.push(record);
      if (alive.length === 0) return;
      if (this.clock.monotonic() > deadline) {
        for (const { pid } of alive) signalGroup(pid, 'SIGKILL');
      }
      await delay(this.clock, POLL_MS);
    }
  }
}

async function readRecord<T>(file: string): Promise<T | undefined> {
  try {
    // Written by us; a half-written one does not parse.
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

function alreadyRunning(data: string, { pid, url }: Lock): Fault {
  return new Fault(`already running on ${data} (pid ${pid}, ${url})`, {
    code: 'already-running',
    exit: EXIT.conflict,
    hint: `use it with "swarmctl status --url ${url}", or stop it with Ctrl-C there or "kill ${pid}"`,
  });
}
