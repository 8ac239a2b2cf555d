import { availabilityOf, type Availability, type Window } from '../availability/availability';
import type { Probe } from '../availability/outages';
import { LATE_MS } from '../availability/prober';
import type { Evidence } from '../evidence/evidence';
import type { DoneFault } from '../faults/campaign';
import type { Broken } from '../invariants/invariants';
import { longestQuietMs } from './quiet';
import { storyOf } from './story';

export interface FaultReport {
  readonly kind: string;
  readonly target: string;
  /** Since the load began. */
  readonly atMs: number;
  readonly forMs: number;
  /** From its beginning until its target was ready again. */
  readonly tookMs: number;
  /** From its beginning until everything served again, where that was waited for. */
  readonly settledMs?: number;
  /** What its target said of it. */
  readonly said?: string;
  /** The longest that any shard was unavailable from this fault to the next. */
  readonly unavailableMs: number;
  /** Longest time in which no submission was acknowledged, from this fault to the next. */
  readonly noAcknowledgementMs: number;
  /** Longest time in which no task ended, from this fault to the next. */
  readonly noEndMs: number;
}

export interface Report {
  readonly scenario: string;
  readonly seed: number;
  readonly holds: boolean;
  readonly seconds: number;
  readonly tasks: { readonly submitted: number; readonly acknowledged: number; readonly givenUp: number };
  /** Tasks by the state in which they ended. */
  readonly ended: Readonly<Record<string, number>>;
  /** Workflows by the state in which they ended; `unknown`: given up, or not there. */
  readonly workflows: Readonly<Record<string, number>>;
  readonly attempts: {
    readonly all: number;
    readonly lost: number;
    readonly refused: number;
    /** Executions that agents noted down, and those of them that were not the last of their task. */
    readonly executions: number;
    readonly superseded: number;
  };
  readonly faults: readonly FaultReport[];
  readonly availability: Availability;
  /** Services and swarms that ended though nobody had killed them. */
  readonly unaskedEnds: readonly { readonly name: string; readonly atMs: number; readonly how: string }[];
  readonly broken: readonly (Broken & { readonly story: readonly string[] })[];
  /** Where the logs are, if they were kept. */
  readonly directory?: string;
}

export interface RunFacts {
  readonly scenario: string;
  readonly seed: number;
  readonly from: number;
  readonly loadUntil: number;
  readonly until: number;
  readonly evidence: Evidence;
  readonly faults: readonly DoneFault[];
  readonly unasked: Report['unaskedEnds'];
  readonly broken: readonly Broken[];
  /** By shard. */
  readonly probes: readonly (readonly Probe[])[];
  /** Between two of one shard. */
  readonly everyMs: number;
}

/** Stories are told of so many broken invariants; the others are counted. */
const MOST_STORIES = 50;

export function reportOf(facts: RunFacts): Report {
  const { seed, from, until, evidence, unasked, broken } = facts;
  const { submissions, tasks, executions } = evidence;
  const acknowledged = submissions.filter(({ id }) => id !== undefined).length;
  const ended: Record<string, number> = {};
  for (const { state } of tasks.values()) ended[state] = (ended[state] ?? 0) + 1;
  const workflows: Record<string, number> = {};
  for (const { run } of evidence.flows) {
    const state = run?.state ?? 'unknown';
    workflows[state] = (workflows[state] ?? 0) + 1;
  }
  const attempts = [...tasks.values()].flatMap((task) => task.attempts);
  const withOutcome = (wanted: string): number => attempts.filter(({ outcome }) => outcome === wanted).length;
  return {
    ...{
      scenario: facts.scenario,
      seed,
      holds: broken.length === 0,
      seconds: Math.round((until - from) / 1000),
      ended,
      workflows,
    },
    tasks: {
      ...{ submitted: submissions.length, acknowledged, givenUp: submissions.length - acknowledged },
    },
    attempts: {
      ...{ all: attempts.length, lost: withOutcome('lost'), refused: withOutcome('refused') },
      executions: executions.length,
      superseded: executions.filter(({ taskId, attempt }) => attempt < (tasks.get(taskId)?.attempt ?? 0))
        .length,
    },
    ...underFaults(facts),
    unaskedEnds: unasked,
    broken: broken.map((each, at) => ({ ...each, story: at < MOST_STORIES ? storyOf(each, evidence) : [] })),
  };
}

function underFaults(facts: RunFacts): Pick<Report, 'faults' | 'availability'> {
  const { faults: done, from, loadUntil, evidence, probes, everyMs } = facts;
  const windows = done.map(({ fault: { kind, target }, owned, from: begun, until }) => {
    const next = done.find((other) => other.from >= until)?.from ?? loadUntil;
    return { kind, target, owned, from: begun, until: Math.min(next, loadUntil) };
  });
  const availability = availabilityOf(probes, windows, { from, everyMs, lateMs: LATE_MS });

  const acknowledged = sorted(evidence.submissions.flatMap(({ acknowledgedAt }) => acknowledgedAt ?? []));
  const ends = sorted(
    [...evidence.tasks.values()].flatMap(({ endedAt }) => (endedAt === undefined ? [] : Date.parse(endedAt))),
  );
  const faults = done.map(({ fault: { forMs }, until, settledAt, said }, index): FaultReport => {
    const { kind, target, from: begun, until: watchedUntil } = windows[index] ?? NO_WINDOW;
    const lines = availability.lines.slice(index * probes.length, (index + 1) * probes.length);
    return {
      ...{ kind, target, forMs, atMs: begun - from, tookMs: until - begun },
      ...(settledAt === undefined ? {} : { settledMs: settledAt - begun }),
      ...(said === undefined ? {} : { said }),
      unavailableMs: Math.max(0, ...lines.map((line) => line.unavailableMs)),
      noAcknowledgementMs: longestQuietMs(acknowledged, begun, watchedUntil),
      noEndMs: longestQuietMs(ends, begun, watchedUntil),
    };
  });
  return { faults, availability };
}

const NO_WINDOW: Window = { kind: '', target: '', owned: [], from: 0, until: 0 };

function sorted(times: number[]): number[] {
  return times.sort((a, b) => a - b);
}
