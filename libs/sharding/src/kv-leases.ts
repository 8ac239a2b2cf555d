import {
  ConditionalWrites,
  ensureStream,
  lastStored,
  readStream,
  type Bus,
  type StoredMessage,
} from '@multiswarm/bus';
import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import { delay, systemRandom, within, type Cancel, type Clock, type LeaseStore } from '@multiswarm/core';
import { LeaseEntry, type LeaseRegister, type StoredLease } from './lease-entry';
import { RegisterLeases } from './register-leases';

export interface KvLeaseOptions {
  /** Name of the bucket; one for each service and JetStream domain. Made where there is none. */
  bucket: string;
  /** Servers that keep a copy: 3 in production, 1 on a single server. */
  replicas: number;
}

export interface KvLeases extends LeaseStore {
  /** Ends the watch of the bucket. What is held runs out. */
  stop(): void;
}

/** A lease of five seconds must get over several answers that do not come. */
const ANSWER_MS = 1_000;
const WATCH_AGAIN_MS = 1_000;
const DEDUP_WINDOW_MS = 1_000;

/**
 * Leases in a bucket of NATS KV: a stream that keeps the last value per key. Reads ask the leader; writes are compare-and-set on
 * the revision, as `ConditionalWrites` do it. Nothing is used that nats-server 2.9 lacks.
 * @throws MultiswarmError `bus-unavailable` where JetStream does not answer
 */
export async function kvLeases(
  bus: Bus,
  { bucket, replicas }: KvLeaseOptions,
  clock: Clock,
): Promise<KvLeases> {
  const stream = `KV_${bucket}`;
  await reached(bucket, () =>
    ensureStream(bus.connection, {
      ...{ name: stream, subjects: [`$KV.${bucket}.>`], replicas },
      ...{ maxAgeMs: 0, maxBytes: LIMITS.LEASE_BUCKET_BYTES, dedupWindowMs: DEDUP_WINDOW_MS },
      ...{ maxMessagesPerSubject: 1, refusesWhenFull: true },
    }),
  );
  const leases = new RegisterLeases(bucketRegister(bus, bucket, clock), clock);
  const stop = watch(bus, bucket, clock, (key, stored) => leases.saw(key, stored));
  return {
    acquire: (key, owner, ttlMs) => leases.acquire(key, owner, ttlMs),
    renew: (key, epoch, ttlMs) => leases.renew(key, epoch, ttlMs),
    release: (key, epoch) => leases.release(key, epoch),
    stop,
  };
}

function bucketRegister(bus: Bus, bucket: string, clock: Clock): LeaseRegister {
  const { connection } = bus;
  const stream = `KV_${bucket}`;
  const writes = new ConditionalWrites(connection, stream, {
    timeoutMs: ANSWER_MS,
    clock,
    random: systemRandom,
  });
  const inTurn = new InTurn();
  const ask = <T>(work: (isLate: () => boolean) => Promise<T>): Promise<T> =>
    reached(bucket, () => {
      // Sent without a connection, a request would wait for its timeout, and a renewal with it.
      if (!bus.connected) throw unreached(bucket);
      const endMs = clock.monotonic() + ANSWER_MS;
      const isLate = (): boolean => clock.monotonic() >= endMs;
      return within(clock, ANSWER_MS, work(isLate), () => {
        throw unreached(bucket);
      });
    });
  return {
    read: (key) =>
      ask(async () => {
        const message = await lastStored(connection, stream, subjectOf(bucket, key));
        return message && decoded(message);
      }),
    write: (key, entry, revision) =>
      ask((isLate) => {
        const write = async (): Promise<boolean> => {
          if (isLate()) throw unreached(bucket);
          return stored(writes.store(subjectOf(bucket, key), JSON.stringify(entry), revision));
        };
        return writes.hinderEachOther ? inTurn.run(write) : write();
      }),
  };
}

/** False where another write came first. */
async function stored(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error instanceof MultiswarmError && error.code === 'revision-conflict') return false;
    throw error;
  }
}

/** One after the other; what one throws is nothing to the next. */
class InTurn {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const next = this.last.then(work, work);
    this.last = next.catch(() => undefined);
    return next;
  }
}

/** Tells what is written as it comes. Behind for a while, it costs those who wait their patience, and nobody his lease. */
function watch(
  bus: Bus,
  bucket: string,
  clock: Clock,
  tell: (key: string, stored: StoredLease) => void,
): Cancel {
  const stopping = new AbortController();
  let close: Cancel = () => undefined;
  const prefix = subjectOf(bucket, '');
  const follow = async (): Promise<void> => {
    const { messages, close: end } = await readStream(bus.connection, `KV_${bucket}`, { seq: 1 });
    close = end;
    if (stopping.signal.aborted) end();
    for await (const { subject, seq, text } of messages) {
      const entry = parsed(text);
      if (entry) tell(subject.slice(prefix.length), { revision: seq, entry });
    }
  };
  const followAgain = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await follow().catch(() => undefined);
      await delay(clock, WATCH_AGAIN_MS, stopping.signal).catch(() => undefined);
    }
  };
  void followAgain();
  return () => {
    stopping.abort();
    close();
  };
}

function subjectOf(bucket: string, key: string): string {
  return `$KV.${bucket}.${key}`;
}

function decoded({ seq, data, subject }: StoredMessage): StoredLease {
  const entry = parsed(data.toString());
  if (entry) return { entry, revision: seq };
  throw new MultiswarmError(
    'internal',
    `${subject} holds something else than a lease: another program has written there`,
  );
}

function parsed(text: string): LeaseEntry | undefined {
  try {
    return LeaseEntry.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON
  }
}

/** What the client throws where nobody answers says nothing about whether it passes. It does. */
async function reached<T>(bucket: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    // Of those that say something of the bucket one passes: too many others wrote at the same time.
    if (error instanceof MultiswarmError && error.code !== 'too-much-contention') throw error;
    throw unreached(bucket, error);
  }
}

function unreached(bucket: string, cause?: unknown): MultiswarmError {
  return new MultiswarmError('bus-unavailable', `JetStream does not answer for the leases in ${bucket}`, {
    cause,
  });
}
