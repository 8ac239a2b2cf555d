import type {
  DispatchReply,
  DispatchRequest,
  PlaceRequest,
  SchedulerChanges,
  SchedulerChangesReply,
} from '@multiswarm/contracts';
import type { SimProcess } from '../world/process';
import type { Findings } from './findings';

/** Whose epoch a request carries, and which it is. */
interface Claim {
  of: string;
  epoch: number;
}

interface Row {
  subject: RegExp;
  claim: (request: unknown) => Claim;
  /** What the answer to a request of an older epoch shows to have been done all the same. */
  actedOn: (reply: unknown, request: unknown) => readonly string[];
}

const ROWS: readonly Row[] = [
  {
    subject: /\.region\.[^.]+\.dispatch$/,
    claim: (request) => shardOf(request as DispatchRequest),
    actedOn: (reply) => accepted(reply),
  },
  {
    subject: /\.swarm\.[^.]+\.tasks$/,
    claim: (request) => shardOf(request as DispatchRequest),
    actedOn: (reply) => accepted(reply),
  },
  {
    subject: /\.lb\.place$/,
    claim: (request) => {
      const { region = 'all', epoch } = request as PlaceRequest;
      return { of: `the scheduler of ${region}`, epoch };
    },
    actedOn: () => ['a placement'],
  },
  {
    subject: /\.scheduler\.changes$/,
    claim: (request) => {
      const { shard, epoch, schedulerEpoch } = request as SchedulerChanges;
      return { of: `shard ${shard}, for scheduler ${schedulerEpoch}`, epoch };
    },
    actedOn: (reply) => ((reply as SchedulerChangesReply).status === 'ok' ? ['changes'] : []),
  },
];

/** 6: whoever has seen an epoch does nothing any more for an older one. */
export class EpochBook {
  private readonly newest = new WeakMap<SimProcess, Map<string, number>>();
  private readonly stale = new WeakMap<object, Claim & { newest: number }>();
  private readonly rows = new Map<string, Row | undefined>();
  /** What a process has accepted before: repeating that is not acting again. */
  private readonly done = new WeakMap<SimProcess, Set<string>>();

  constructor(private readonly findings: Findings) {}

  received(process: SimProcess, subject: string, request: unknown): void {
    const row = this.row(subject);
    if (!row) return;
    const { of, epoch } = row.claim(request);
    const known = this.newest.get(process) ?? new Map<string, number>();
    this.newest.set(process, known);
    const key = `${subject} ${of}`;
    const newest = known.get(key) ?? 0;
    if (epoch < newest) this.stale.set(request as object, { of, epoch, newest });
    else known.set(key, epoch);
  }

  replied(process: SimProcess, subject: string, request: unknown, reply: unknown): void {
    const row = this.row(subject);
    if (!row || reply instanceof Error) return;
    const acts = row.actedOn(reply, request);
    const done = this.done.get(process) ?? new Set<string>();
    this.done.set(process, done);
    const stale = this.stale.get(request as object);
    const act = stale && acts.find((each) => !done.has(each));
    if (stale && act !== undefined)
      this.findings.broken(
        6,
        `${process.name} has seen epoch ${stale.newest} of ${stale.of}, and did ${act} for epoch ${stale.epoch}`,
      );
    for (const each of acts) done.add(each);
  }

  private row(subject: string): Row | undefined {
    if (!this.rows.has(subject))
      this.rows.set(
        subject,
        ROWS.find((row) => row.subject.test(subject)),
      );
    return this.rows.get(subject);
  }
}

function shardOf({ shard, epoch }: DispatchRequest): Claim {
  return { of: `shard ${shard}`, epoch };
}

function accepted(reply: unknown): string[] {
  return (reply as DispatchReply).outcomes
    .filter(({ outcome }) => outcome === 'accepted')
    .map(({ taskId, attempt }) => `${taskId}#${attempt}`);
}
