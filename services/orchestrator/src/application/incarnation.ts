import { MultiswarmError } from '@multiswarm/contracts';
import { within, type Clock } from '@multiswarm/core';
import type { HeldLease } from '@multiswarm/sharding';
import type { Logger } from '@multiswarm/telemetry';
import type { TaskRecord } from '../domain/task/record';
import { raised } from '../domain/task/set-back';
import type { PublishedEvents, ShardStore } from '../ports';

/** More commits of a shard, and attempts of a task, than there can have been since any backup that is worth restoring. */
const LEAP = { commits: 1_000_000_000, attempts: 1_000_000 };
/** 2026-01-01, epoch seconds: the first base of attempts counts from here, so that for decades it has no more than nine digits. */
const BASES_SINCE = 1_767_225_600;
/** So long a new owner waits for the event stream to say what it has: without it the shard serves all the same. */
const STREAM_WAIT_MS = 1_000;

/** The lives of a shard: each begins where its data was set back, as to a backup, or lost its end. */
export interface Incarnations {
  /** `since`: the epoch that began it, if any did. `isAskedFor`: a person wants a new one to begin. */
  of(shard: number): Promise<{ attemptBase: number; since: number | undefined; isAskedFor: boolean }>;
  /** @returns false where the shard has another owner, or went on meanwhile: nothing is done */
  begin(
    shard: number,
    now: { epoch: number; batchSeq: number },
    next: { batchSeq: number; attemptBase: number },
  ): Promise<boolean>;
  /** The owner with this epoch could not find out whether the shard was set back. */
  doubt(shard: number, epoch: number): Promise<void>;
  /** The next owner begins a new one. */
  askFor(shard: number): Promise<void>;
}

export interface IncarnationParts {
  incarnations: Incarnations;
  /** The last message of a shard that the event stream has. */
  lastEvents: (shard: number) => Promise<PublishedEvents | undefined>;
  clock: Clock;
  logger: Logger;
}

/** Where an owner goes on. */
export interface Opening {
  /** Of the last commit, as far as this owner counts. */
  batchSeq: number;
  /** Attempts get larger numbers than this. */
  attemptBase: number;
}

/**
 * Before an owner serves it finds out whether its shard is still what the world has seen of it.
 *
 * N1. What the event stream has was committed. Where it has a later commit than Redis, Redis was set back (a backup was restored,
 *     a replica without the last commits has taken over), and a new incarnation begins.
 * N2. A new incarnation uses no number again that was used in what was lost: its commits are numbered beyond those that consumers
 *     of events have seen, its attempts beyond those that swarms have run. Epochs take care of themselves: they are never
 *     earlier than the clock. The base of attempts grows with them, too: a backup may be restored twice, and what the first
 *     restoration has given out is lost with the second.
 * N3. Where the stream does not answer the shard serves all the same, and the doubt is noted, so that what it does not refer to is
 *     kept for a while: the stream is asked at each change of the owner, and a person can ask for a new incarnation.
 */
export async function openingOf(
  shard: number,
  lease: Pick<HeldLease, 'epoch' | 'batchSeq'>,
  { incarnations, lastEvents, clock, logger }: IncarnationParts,
): Promise<Opening> {
  const [{ attemptBase, since = BASES_SINCE, isAskedFor }, asked] = await Promise.all([
    incarnations.of(shard),
    within(clock, STREAM_WAIT_MS, lastEvents(shard), tooSlow).catch((error: unknown) => {
      logger.warn('the event stream does not say what it has of a shard', { shard, error });
      return 'not-known' as const;
    }),
  ]);
  const { epoch, batchSeq } = lease;
  if (asked === 'not-known') await incarnations.doubt(shard, epoch); // N3
  const published = asked === 'not-known' ? undefined : asked;
  const isBehind = published !== undefined && published.batchSeq > batchSeq;
  if (!isBehind && !isAskedFor) return { batchSeq, attemptBase };
  const next = {
    batchSeq: Math.max(batchSeq, published?.batchSeq ?? 0) + LEAP.commits,
    // An epoch is never earlier than the clock of Redis, in seconds.
    attemptBase: attemptBase + LEAP.attempts + Math.max(0, epoch - since),
  };
  if (!(await incarnations.begin(shard, { epoch, batchSeq }, next)))
    throw new MultiswarmError('stale-epoch', `shard ${shard} has another owner`);
  const why = isBehind ? `events up to ${published.batchSeq} were published` : 'a person has asked for it';
  logger.warn('a new incarnation of a shard begins', { shard, epoch, was: batchSeq, ...next, why });
  return next;
}

function tooSlow(): never {
  throw new MultiswarmError('bus-unavailable', `no answer within ${STREAM_WAIT_MS} ms`);
}

/** The store as the owner of a shard sees it that was set back: no attempt has a number that may have been used. */
export function raisedStore(store: ShardStore, attemptBase: number): ShardStore {
  if (attemptBase === 0) return store;
  const raise = (record: TaskRecord): TaskRecord => raised(record, attemptBase);
  const over: Pick<ShardStore, 'loadActive' | 'waiting' | 'tasks'> = {
    loadActive: async (shard) => {
      const loaded = await store.loadActive(shard);
      return { ...loaded, tasks: loaded.tasks.map(raise), endedSteps: loaded.endedSteps.map(raise) };
    },
    waiting: async (...asked) => (await store.waiting(...asked)).map(raise),
    tasks: async (...asked) => (await store.tasks(...asked)).map((record) => record && raise(record)),
  };
  // Everything else is done by the store itself.
  return Object.assign(Object.create(store) as ShardStore, over);
}
