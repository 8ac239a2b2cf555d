import {
  asMultiswarmError,
  MultiswarmError,
  shardOf,
  type DispatchRequest,
  type ReportReply,
  type ReportRequest,
} from '@multiswarm/contracts';
import type { Fetched, FreedSlot } from '../ports';
import type { OutputReferences } from './output-references';
import type { KeptSlots } from './kept-slots';
import type { ReportPart, TakenReports } from './owner-reports';
import type { AnswerRoom } from './shard-effects';
import type { ShardOwner } from './shard-owner';

/** Swarms (and coordinators) of which the last answers are kept. */
const SENDERS = 20_000;
/** A swarm has two reports under way on each subject: that of the replica, and those of shards that have moved. */
const ANSWERS_OF_ONE = 8;

/** Attempts in one answer, in bytes: with what it acknowledges it has to fit the 1 MiB of a NATS message. */
const ANSWER_BYTES = 768 * 1024;

/** What the desk needs of an owner. */
export type DeskOwner = Pick<ShardOwner, 'report' | 'grantFetched'>;

/**
 * Where swarms report to one replica, for all the shards that it owns: results in, the next attempts out.
 *
 * R1. What is acknowledged is committed, and what is sent back to run is committed as assigned.
 * R2. The last answers to each sender are kept under the reports' ids and given again when they are asked for again: an answer that
 *     got lost on its way is no lost attempt.
 * R3. A slot is used once: the attempt that takes it over is named to the load-balancer together with the end of the one
 *     before.
 * R4. What refers to an output that has to be looked up holds up nothing else: the rest of the message is taken at once.
 * R5. A swarm to which the load-balancer gives nothing gets nothing here either, and its slots are kept for nobody.
 */
export class ReportDesk {
  private readonly answers = new Map<string, { id: string; reply: Promise<ReportReply> }[]>();

  constructor(
    private readonly shards: number,
    private readonly ownerOf: (shard: number) => DeskOwner | undefined,
    private readonly scheduler: Pick<KeptSlots, 'fetch' | 'fetchedRefused' | 'keep'>,
    /** What was fetched goes in where grants go in. */
    private readonly gateOf: (shard: number) => Pick<DeskOwner, 'grantFetched'> | undefined = ownerOf,
    /** Undefined where this process has no store of payloads: then references are taken as they are. */
    private readonly outputs?: OutputReferences,
    /** Whether the load-balancer would give this swarm anything now. */
    private readonly isWell: (swarmId: string) => boolean = () => true,
  ) {}

  handle(request: ReportRequest): Promise<ReportReply> {
    const { id } = request;
    if (id === undefined) return this.checked(request);
    const sender = `${request.swarmId} ${request.instance ?? ''}`;
    const known = this.answers.get(sender)?.find((each) => each.id === id);
    if (known) return known.reply; // R2
    const reply = this.checked(request);
    this.remember(sender, id, reply);
    return reply;
  }

  private checked(request: ReportRequest): Promise<ReportReply> {
    // One for all parts and shards of the answer.
    const answer: AnswerRoom = { bytes: ANSWER_BYTES };
    if (!this.outputs?.isIn(request)) return this.take(request, answer);
    const { plain, referring } = this.outputs.parted(request);
    // Each report frees one slot at most: both together fetch no more than the sender wants.
    const fetch = Math.max(0, request.fetch - plain.reports.length);
    const claimed = this.outputs
      .checked(referring)
      .then((reports) => this.take({ ...request, reports, outcomes: [], progress: [], fetch }, answer));
    return together([this.take(plain, answer), claimed]); // R4
  }

  private async take(request: ReportRequest, answer: AnswerRoom): Promise<ReportReply> {
    const parts = this.byShard(request);
    const taken = new Map<number, TakenReports>();
    const acks: Promise<ReportReply['acks']>[] = [];
    for (const [shard, part] of parts) {
      const owner = this.ownerOf(shard);
      if (!owner) {
        acks.push(Promise.resolve(moved(part)));
        continue;
      }
      try {
        const reports = owner.report(part);
        taken.set(shard, reports);
        acks.push(reports.acks);
      } catch (error) {
        acks.push(Promise.reject(asMultiswarmError(error)));
      }
    }
    // All of it in this turn, so that ends and beginnings are committed together.
    const mayFetch = request.fetch > 0 && this.isWell(request.swarmId); // R5
    const next = mayFetch ? this.fetch(taken, request.fetch, answer) : [];
    const [settled, dispatches] = await Promise.all([Promise.allSettled(acks), Promise.all(next)]);
    const done = settled.filter((each) => each.status === 'fulfilled').flatMap((each) => each.value);
    const failure = settled.find((each) => each.status === 'rejected');
    const sent = dispatches.filter((each): each is DispatchRequest => each !== undefined);
    // Where nothing could be said at all the sender is told why; else it repeats what was not acknowledged.
    if (failure && done.length === 0 && sent.length === 0) throw failure.reason;
    return { v: 1, acks: done, next: sent };
  }

  private fetch(
    taken: ReadonlyMap<number, TakenReports>,
    most: number,
    answer: AnswerRoom,
  ): Promise<DispatchRequest | undefined>[] {
    const freed = [...taken.values()].flatMap((each) => each.freed).slice(0, most);
    if (freed.length === 0) return [];
    const shards = new Map<number, Fetched[]>();
    const left = new Set(freed);
    for (const fetched of this.scheduler.fetch(freed)) {
      left.delete(fetched.freed);
      this.handOver(fetched.freed, fetched, taken); // R3
      const list = shards.get(fetched.shard);
      if (list) list.push(fetched);
      else shards.set(fetched.shard, [fetched]);
    }
    this.scheduler.keep([...left], ({ taskId }) => this.takenOf(taskId, taken)?.next);
    return [...shards].map(([shard, list]) => this.assign(shard, list, answer));
  }

  private handOver({ taskId }: FreedSlot, next: Fetched, taken: ReadonlyMap<number, TakenReports>): void {
    this.takenOf(taskId, taken)?.next.set(taskId, { taskId: next.taskId, attempt: next.attempt });
  }

  private takenOf(taskId: string, taken: ReadonlyMap<number, TakenReports>): TakenReports | undefined {
    const shard = shardOf(taskId, this.shards);
    return shard === undefined ? undefined : taken.get(shard);
  }

  /** A beginning that cannot be committed does not spoil the ends: the scheduler gets it back. */
  private async assign(
    shard: number,
    fetched: readonly Fetched[],
    answer: AnswerRoom,
  ): Promise<DispatchRequest | undefined> {
    try {
      const gate = this.gateOf(shard);
      if (!gate) throw new MultiswarmError('shard-unavailable', `shard ${shard} is changing hands`);
      const { dispatch, refused } = await gate.grantFetched(fetched, answer);
      if (refused.length > 0) this.scheduler.fetchedRefused(shard, refused);
      return dispatch;
    } catch {
      const refs = fetched.map(({ taskId, attempt }) => ({ taskId, attempt }));
      this.scheduler.fetchedRefused(shard, refs);
      return undefined;
    }
  }

  private byShard(request: ReportRequest): Map<number, ReportPart> {
    const parts = new Map<number, ReportPart>();
    const { swarmId, region, regionEpoch } = request;
    const part = (taskId: string): ReportPart => {
      const shard = shardOf(taskId, this.shards) ?? -1;
      let known = parts.get(shard);
      if (!known) {
        known = { swarmId, region, regionEpoch, reports: [], outcomes: [], progress: [] };
        parts.set(shard, known);
      }
      return known;
    };
    for (const report of request.reports) part(report.taskId).reports.push(report);
    for (const outcome of request.outcomes) part(outcome.taskId).outcomes.push(outcome);
    for (const progress of request.progress) part(progress.taskId).progress.push(progress);
    return parts;
  }

  private remember(sender: string, id: string, reply: Promise<ReportReply>): void {
    const entry = { id, reply };
    const kept = [...(this.answers.get(sender) ?? []), entry].slice(-ANSWERS_OF_ONE);
    this.answers.delete(sender);
    this.answers.set(sender, kept);
    if (this.answers.size > SENDERS) forgetOldest(this.answers);
    reply.catch(() => {
      // A fault is no answer: the repetition is tried anew.
      const others = this.answers.get(sender)?.filter((each) => each !== entry);
      if (others) this.answers.set(sender, others);
    });
  }
}

/** One answer to a message that was taken in parts. Where nothing could be said of any of them the sender is told why. */
async function together(parts: readonly Promise<ReportReply>[]): Promise<ReportReply> {
  const settled = await Promise.allSettled(parts);
  const replies = settled.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
  const acks = replies.flatMap((reply) => reply.acks);
  const next = replies.flatMap((reply) => reply.next);
  const failure = settled.find((each) => each.status === 'rejected');
  if (failure && acks.length === 0 && next.length === 0) throw failure.reason;
  return { v: 1, acks, next };
}

function forgetOldest(answers: Map<string, unknown>): void {
  for (const oldest of answers.keys()) {
    answers.delete(oldest);
    return;
  }
}

function moved({ reports }: ReportPart): ReportReply['acks'] {
  return reports.map(({ taskId, attempt }) => ({ taskId, attempt, status: 'moved' }));
}
