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

const REGION_DISPATCH = /\.region\.([^.]+)\.dispatch$/;
const SWARM_DISPATCH = /\.swarm\.[^.]+\.tasks$/;

const ROWS: readonly Row[] = [
  {
    subject: REGION_DISPATCH,
    claim: (request) => shardOf(request as DispatchRequest),
    actedOn: (reply) => accepted(reply),
  },
  {
    subject: SWARM_DISPATCH,
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
  /** What coordinators were asked to dispatch, and under which epochs that was in order. */
  private readonly asked = new WeakMap<SimProcess, Map<string, 'in order' | 'stale'>>();
  private readonly newest = new WeakMap<SimProcess, Map<string, number>>();
  private readonly stale = new WeakMap<object, Claim & { newest: number }>();
  private readonly rows = new Map<string, Row | undefined>();
  /** What a process has accepted before: repeating that is not acting again. */
  private readonly done = new WeakMap<SimProcess, Set<string>>();

  constructor(
    private readonly findings: Findings,
    /** The present epoch of a region: a new coordinator has seen nothing yet, also in the process of an earlier one. */
    private readonly epochOf: (region: string) => number,
  ) {}

  received(process: SimProcess, subject: string, request: unknown): void {
    const row = this.row(subject);
    if (!row) return;
    const { of, epoch } = row.claim(request);
    const known = this.newest.get(process) ?? new Map<string, number>();
    this.newest.set(process, known);
    const region = REGION_DISPATCH.exec(subject)?.[1];
    const key = `${subject} ${of} ${region === undefined ? '' : this.epochOf(region)}`;
    const newest = known.get(key) ?? 0;
    if (epoch < newest) this.stale.set(request as object, { of, epoch, newest });
    else known.set(key, epoch);
    if (row.subject === REGION_DISPATCH) this.note(process, request as DispatchRequest, epoch < newest);
  }

  /** A coordinator passes on what it was asked. */
  sent(process: SimProcess, subject: string, body: unknown): void {
    if (!SWARM_DISPATCH.test(subject)) return;
    const request = body as DispatchRequest;
    const asked = this.asked.get(process);
    const stale = keysOf(request).find((key) => asked?.get(key) === 'stale');
    this.findings.holds(6, stale === undefined, () => {
      return `${process.name} has sent ${stale} to ${subject}, and had seen a later owner of shard ${request.shard} before it was asked`;
    });
  }

  private note(process: SimProcess, request: DispatchRequest, isStale: boolean): void {
    const asked = this.asked.get(process) ?? new Map<string, 'in order' | 'stale'>();
    this.asked.set(process, asked);
    // A repetition of what was in order comes late, and what it asks for is under way already.
    for (const key of keysOf(request))
      if (!isStale) asked.set(key, 'in order');
      else if (!asked.has(key)) asked.set(key, 'stale');
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

function keysOf({ epoch, attempts }: DispatchRequest): string[] {
  return attempts.map(({ taskId, attempt }) => `${taskId}#${attempt} of epoch ${epoch}`);
}

function shardOf({ shard, epoch }: DispatchRequest): Claim {
  return { of: `shard ${shard}`, epoch };
}

function accepted(reply: unknown): string[] {
  return (reply as DispatchReply).outcomes
    .filter(({ outcome }) => outcome === 'accepted')
    .map(({ taskId, attempt }) => `${taskId}#${attempt}`);
}
