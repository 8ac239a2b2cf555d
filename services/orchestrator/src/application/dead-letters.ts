import {
  LIMITS,
  MultiswarmError,
  shardOf,
  type DeadLetterDetail,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterReply,
  type DeadLetterResult,
  type ListDeadLettersQuery,
  type PurgeDeadLetters,
  type RedriveDeadLetters,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { deadLetterResult, isDeadLetter, whyNoLetter } from '../domain/task/dead-letter';
import { deadLetterDetail, deadLetterView } from '../domain/task/dead-letter-view';
import type { DeadLetterCommand, TaskRecord } from '../domain/task/record';
import type { TruthReader } from '../ports';
import { DeadLetterList } from './dead-letter-list';
import type { Gateway } from './gateway';
import { decodeCursor } from './pages';

export interface DeadLetterParts {
  truth: TruthReader;
  gateway: Gateway;
  shards: number;
  clock: Clock;
  ids: Ids;
  logger: Logger;
}

/** Records that are read together: each may have LIMITS.TASK_INPUT_BYTES. */
const RECORDS_AT_ONCE = 50;
const DONE = { redrive: 'dead letters were redriven', purge: 'dead letters were purged' } as const;

/** What failed for good: who looks, opens it again, or takes it off the list. */
export class DeadLetters {
  private readonly letters: DeadLetterList;

  constructor(private readonly parts: DeadLetterParts) {
    this.letters = new DeadLetterList(parts.truth, parts.shards);
  }

  /** Newest first; the first page says how many there are. */
  async list({ limit, cursor, ...filter }: ListDeadLettersQuery): Promise<DeadLetterPage> {
    const { ids, next, counts } = await this.letters.page(filter, {
      ...{ limit, from: decodeCursor(cursor) },
      counted: cursor === undefined,
    });
    const now = this.parts.clock.now();
    const items: DeadLetterPage['items'] = [];
    for await (const record of this.records(ids))
      // Between the list and the record it may have been opened again.
      if (record && isDeadLetter(record)) items.push(deadLetterView(record, now));
    return { items, next, ...(counts ? { counts } : {}) };
  }

  /** @throws MultiswarmError `task-not-found`, or `dead-letter-not-found` with what it is instead */
  async get({ id }: { id: string }): Promise<DeadLetterDetail> {
    const { truth, shards, clock } = this.parts;
    const shard = shardOf(id, shards);
    const record = shard === undefined ? undefined : await truth.task(shard, id);
    if (!record || shard === undefined)
      throw new MultiswarmError('task-not-found', `there is no task "${id}" (or its retention has passed)`);
    if (!isDeadLetter(record))
      throw new MultiswarmError('dead-letter-not-found', `"${id}" is no dead letter: ${whyNoLetter(record)}`);
    return deadLetterDetail(record, await truth.history(shard, id), clock.now());
  }

  /** Opens tasks again, as a retry does. A repetition with the same key opens none a second time. */
  redrive(asked: RedriveDeadLetters): Promise<DeadLetterReply> {
    const { requestedBy, reason, idempotencyKey } = asked;
    const key = idempotencyKey ?? this.parts.ids.next();
    return this.settle({ kind: 'redrive', key, asked: { requestedBy, reason } }, asked);
  }

  /** Takes tasks off the list; their records and histories stay until their retention has passed. */
  purge(asked: PurgeDeadLetters): Promise<DeadLetterReply> {
    const { requestedBy, reason } = asked;
    return this.settle({ kind: 'purge', asked: { requestedBy, reason } }, asked);
  }

  private async settle(command: DeadLetterCommand, asked: PurgeDeadLetters): Promise<DeadLetterReply> {
    const { ids, next } = await this.meant(asked);
    const items = asked.dryRun
      ? await this.foretold(ids, command)
      : await this.parts.gateway.settleDeadLetters(ids, command);
    const count = (of: (result: DeadLetterResult) => boolean): number => items.filter(of).length;
    const unchanged = count(({ outcome }) => outcome === 'unchanged');
    const refused = count(({ outcome }) => outcome === 'refused');
    const sums = { done: items.length - unchanged - refused, unchanged, refused };
    if (!asked.dryRun)
      this.parts.logger.info(DONE[command.kind], { ...sums, ...command.asked, ...asScope(asked) });
    return { dryRun: asked.dryRun, ...sums, items, next };
  }

  private async meant(asked: PurgeDeadLetters): Promise<{ ids: string[]; next: string | null }> {
    const { ids, filter = {}, limit = LIMITS.DEAD_LETTERS_BY_DEFAULT, cursor } = asked;
    if (ids) return { ids: [...new Set(ids)], next: null };
    return this.letters.page(filter, { limit, from: decodeCursor(cursor, '/cursor'), counted: false });
  }

  /** What would happen, by the committed truth. */
  private async foretold(ids: readonly string[], command: DeadLetterCommand): Promise<DeadLetterResult[]> {
    const results: DeadLetterResult[] = [];
    const now = this.parts.clock.now();
    for await (const record of this.records(ids))
      results.push(deadLetterResult(ids[results.length] ?? '', record, command, now));
    return results;
  }

  /** Records as they were committed, in the order of `ids`, a few at a time. */
  private async *records(ids: readonly string[]): AsyncGenerator<TaskRecord | undefined> {
    const { truth, shards } = this.parts;
    for (let at = 0; at < ids.length; at += RECORDS_AT_ONCE) {
      const part = ids.slice(at, at + RECORDS_AT_ONCE);
      yield* await Promise.all(
        part.map(async (id) => {
          const shard = shardOf(id, shards);
          return shard === undefined ? undefined : truth.task(shard, id);
        }),
      );
    }
  }
}

/** What was asked for, as the log tells it: not every id. */
function asScope({ ids, filter, all }: PurgeDeadLetters): {
  ids?: number;
  filter?: DeadLetterFilter;
  all?: true;
} {
  if (ids) return { ids: ids.length };
  return all ? { all } : { filter: filter ?? {} };
}
