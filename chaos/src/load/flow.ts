import { randomInteger, seededRandom } from '@multiswarm/core';
import type { WorkInput } from './work';

/** The namespace of the workflows and all their steps. */
export const FLOW_NAMESPACE = 'chaos-flows';
/** The signal that one of their steps waits for. */
export const TOLD = 'told';
/** Items under way at once. */
export const ITEMS_AT_ONCE = 3;

/** A workflow as a client hands it in, and what it has to come to. */
export interface Flow {
  readonly n: number;
  readonly body: {
    readonly tasks: readonly FlowStep[];
    readonly dependencies: Readonly<Record<string, string[]>>;
  };
  readonly items: number;
  /** Its last step fails for good, so that what had succeeded is undone. */
  readonly fails: boolean;
  /** The client signals it so long after it was acknowledged: often before the step is reached. */
  readonly signalAfterMs: number;
  readonly cancelAfterMs?: number;
}

/** A step, with what it can say. */
export type FlowStep = { readonly id: string } & Readonly<Record<string, unknown>>;

const SHARES = { fails: 0.25, cancelled: 0.12, early: 0.6 };
const MOST_ITEMS = 8;
const STEP_MS = 60;
const LATE_SIGNAL_MS = 3_000;
const WAIT_MS = 600_000;
const SALT = 0xf10e_0000;

/** The n-th workflow of a seed. */
export function flowOf(seed: number, n: number): Flow {
  const random = seededRandom((seed * 1_000_003 + n + SALT) >>> 0);
  const chance = (share: number): boolean => random.next() < share;
  const fails = chance(SHARES.fails);
  const items = randomInteger(random, MOST_ITEMS + 1);
  const signalAfterMs = chance(SHARES.early) ? 0 : randomInteger(random, LATE_SIGNAL_MS);
  const cancelled = chance(SHARES.cancelled);
  const cancelAfterMs = randomInteger(random, LATE_SIGNAL_MS);
  const work = (failUntil = 0): Record<string, unknown> =>
    workStep(n, randomInteger(random, STEP_MS), failUntil);
  return {
    ...{ n, items, fails, signalAfterMs },
    ...(cancelled ? { cancelAfterMs } : {}),
    body: { tasks: stepsOf(work, fails), dependencies: DEPENDENCIES },
  };
}

const DEPENDENCIES = {
  ...{ each: ['plan'], left: ['plan'], right: ['plan'], told: ['plan'] },
  ...{ first: ['left', 'right'], inside: ['first'] },
  book: ['each', 'told', 'inside'],
  pay: ['book'],
};

function stepsOf(work: (failUntil?: number) => Record<string, unknown>, fails: boolean): FlowStep[] {
  const compensate = work();
  const map = { over: '$.run.input', concurrency: ITEMS_AT_ONCE };
  return [
    { id: 'plan', ...work(), compensate },
    { id: 'each', ...work(), map },
    { id: 'left', ...work() },
    { id: 'right', ...work(1) },
    { id: 'first', ...work(), join: 'any' },
    { id: 'told', waitFor: { signal: TOLD, timeoutMs: WAIT_MS } },
    {
      id: 'inside',
      workflow: {
        tasks: [
          { id: 'x', ...work() },
          { id: 'y', ...work() },
        ],
        dependencies: { y: ['x'] },
      },
    },
    { id: 'book', ...work(), compensate },
    // One attempt: it fails as it was asked to.
    fails ? { id: 'pay', ...work(1), retry: { ...RETRY, maxAttempts: 1 } } : { id: 'pay', ...work() },
  ];
}

const RETRY = { maxAttempts: 5, initialMs: 200, maxMs: 1_000 };

function workStep(n: number, runMs: number, failUntil: number): Record<string, unknown> {
  const input: WorkInput = { n, runMs, failUntil };
  return { type: 'short', input, retry: RETRY };
}
