import type { AttemptRef, Grant, QueuedTask } from '@multiswarm/contracts';
import { chunkByBytes, delay, type Clock } from '@multiswarm/core';
import type { Placed } from '../domain/queue/task-queue';
import type { GrantPort } from '../ports';

const RETRY_MS = { first: 50, most: 1_000 };
/** Of one request: well under the 1 MiB that NATS carries. */
const REQUEST = { bytes: 512 * 1024, items: 256 };
/** More than the fixed parts of a grant, and of what its receipt lists. */
const BYTES = { grant: 768, ranked: 192, rejection: 192, example: 64 };

export interface GrantEvents {
  /** Their owner has no use for them. @param again told meanwhile: the task waits for this very attempt */
  refused(shard: number, refused: { placed: Placed; again: QueuedTask | undefined }[]): void;
  /** Nobody answers for the shard. */
  away(shard: number): void;
  /** Somebody has answered. */
  back(shard: number): void;
  fault(error: unknown): void;
}

interface Line {
  pending: Map<string, Placed>;
  /** Tasks that their owner has told again while their grant was under way, by id. */
  again: Map<string, QueuedTask>;
}

/**
 * Grants on their way to owners, shard by shard.
 *
 * G1. One request of a shard is under way; it is repeated, with what came in meanwhile, until it is answered or the shard
 *     begins anew.
 */
export class OutgoingGrants {
  private readonly lines = new Map<number, Line>();
  private stopped = false;

  constructor(
    private readonly schedulerEpoch: number,
    private readonly port: GrantPort,
    private readonly clock: Clock,
    private readonly events: GrantEvents,
  ) {}

  send(placed: readonly Placed[]): void {
    for (const each of placed) {
      const line = this.lines.get(each.shard) ?? this.open(each.shard);
      line.pending.set(each.taskId, each);
    }
  }

  isSending(shard: number): boolean {
    return this.lines.has(shard);
  }

  /** What a shard has not answered yet. */
  underWay(shard: number): AttemptRef[] {
    const pending = this.lines.get(shard)?.pending.values() ?? [];
    return Array.from(pending, ({ taskId, attempt }) => ({ taskId, attempt }));
  }

  /** An owner says that a task waits whose grant is under way: whether it does the answer will show. */
  toldAgain(shard: number, task: QueuedTask): void {
    const line = this.lines.get(shard);
    if (line?.pending.get(task.taskId)?.attempt === task.attempt) line.again.set(task.taskId, task);
  }

  /** The shard begins anew. @returns what was not answered */
  drop(shard: number): Placed[] {
    const line = this.lines.get(shard);
    this.lines.delete(shard);
    return [...(line?.pending.values() ?? [])];
  }

  stop(): void {
    this.stopped = true;
    this.lines.clear();
  }

  private open(shard: number): Line {
    const line: Line = { pending: new Map(), again: new Map() };
    this.lines.set(shard, line);
    // In the next turn of the promises: all that one pass has placed in the shard leaves together.
    void Promise.resolve().then(() => this.run(shard, line));
    return line;
  }

  /** G1. */
  private async run(shard: number, line: Line): Promise<void> {
    let wait: number = RETRY_MS.first;
    while (line.pending.size > 0 && this.lines.get(shard) === line) {
      const [placed = []] = chunkByBytes([...line.pending.values()], grantBytes, REQUEST);
      try {
        const request = { v: 1 as const, schedulerEpoch: this.schedulerEpoch, grants: placed.map(toGrant) };
        const { refused } = await this.port.grant(shard, request);
        if (this.lines.get(shard) === line) this.answered(shard, line, placed, refused);
        wait = RETRY_MS.first;
      } catch (error) {
        if (this.stopped || this.lines.get(shard) !== line) return;
        this.events.fault(error);
        this.events.away(shard);
        await delay(this.clock, wait);
        wait = Math.min(RETRY_MS.most, wait * 2);
      }
    }
    if (this.lines.get(shard) === line) this.lines.delete(shard);
  }

  private answered(
    shard: number,
    line: Line,
    placed: readonly Placed[],
    refusedRefs: readonly AttemptRef[],
  ): void {
    const ids = new Set(refusedRefs.map(({ taskId }) => taskId));
    const refused = placed
      .filter(({ taskId }) => ids.has(taskId))
      .map((each) => ({ placed: each, again: line.again.get(each.taskId) }));
    for (const each of placed) {
      // The task may have come back and been placed anew while this answer was on its way.
      if (line.pending.get(each.taskId) !== each) continue;
      line.pending.delete(each.taskId);
      line.again.delete(each.taskId);
    }
    this.events.back(shard);
    if (refused.length > 0) this.events.refused(shard, refused);
  }
}

function toGrant({ taskId, attempt, placement }: Placed): Grant {
  return { taskId, attempt, placement };
}

function grantBytes({ placement: { receipt } }: Placed): number {
  let bytes = BYTES.grant + receipt.because.length * 2 + receipt.ranked.length * BYTES.ranked;
  for (const { detail, examples } of receipt.rejected)
    bytes += BYTES.rejection + detail.length * 2 + examples.length * BYTES.example;
  return bytes;
}
