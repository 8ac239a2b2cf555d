import type { NamespaceSettings, Priority } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import { between, chance, pick, pickWeighted, wholeBetween } from '../world/seeds';
import { actOf, type Part } from './agent';

/** What namespaces allow. Keys that are not here have no limit. */
export const NAMESPACES: ReadonlyMap<string, NamespaceSettings> = new Map([
  [
    'default',
    { weight: 1, fairnessWeights: {}, limits: { db: { concurrency: 2 }, 'api:*': { concurrency: 1 } } },
  ],
  [
    'acme',
    { weight: 3, fairnessWeights: { a: 2 }, limit: { concurrency: 4 }, limits: { db: { concurrency: 1 } } },
  ],
]);
/** Every key that tasks name, with the limit that fits it in each namespace. */
const LIMIT_KEYS = ['db', 'api:1', 'api:2'] as const;
export const TYPES = ['build', 'review'] as const;
export const REGIONS = ['east', 'west'] as const;

const PRIORITIES: readonly (readonly [number, Priority])[] = [
  [1, 'critical'],
  [2, 'high'],
  [6, 'normal'],
  [2, 'low'],
];

/** A task as a client submits it, without its key. Times are wall clock, epoch milliseconds. */
export function submission(random: Random, now: number): Record<string, unknown> {
  return {
    ...work(random),
    namespace: chance(random, 0.3) ? 'acme' : 'default',
    ...(chance(random, 0.07) ? { notBefore: iso(now + between(random, 100, 3_000)) } : {}),
    ...(chance(random, 0.07) ? { waitFor: waitFor(random) } : {}),
    ...(chance(random, 0.3) ? { fairnessKey: pick(random, ['a', 'b', 'c']) } : {}),
    ...(chance(random, 0.35) ? { limitKeys: [pick(random, LIMIT_KEYS)] } : {}),
    timeouts: timeouts(random, now),
  };
}

/** A workflow of a few steps, each of which may wait for earlier ones. */
export function workflow(random: Random): Record<string, unknown> {
  const count = wholeBetween(random, 2, 5);
  const ids = Array.from({ length: count }, (_, index) => `s${index}`);
  const dependencies: Record<string, string[]> = {};
  ids.forEach((id, index) => {
    const before = ids.slice(0, index).filter(() => chance(random, 0.5));
    if (before.length > 0) dependencies[id] = before;
  });
  if (chance(random, 0.5)) return rich(random, ids, dependencies);
  return { tasks: ids.map((id) => ({ id, ...stepWork(random) })), dependencies };
}

function stepWork(random: Random): Record<string, unknown> {
  return { ...work(random), timeouts: { startToCloseMs: 2_000 } };
}

/** With joins, conditions, maps, waits, workflows inside it, and what undoes its steps. */
function rich(
  random: Random,
  ids: string[],
  dependencies: Record<string, string[]>,
): Record<string, unknown> {
  return {
    tasks: ids.map((id) => ({ id, ...richStep(random) })),
    dependencies,
    input: Array.from({ length: wholeBetween(random, 0, 4) }, (_, index) => index),
    ...(chance(random, 0.2) ? { onFailure: 'stop' } : {}),
    ...(chance(random, 0.2) ? { concurrency: wholeBetween(random, 1, 2) } : {}),
  };
}

function richStep(random: Random): Record<string, unknown> {
  const map = { over: '$.run.input', concurrency: wholeBetween(random, 1, 3), toleratedFailures: 1 };
  const timeoutMs = wholeBetween(random, 300, 3_000);
  return {
    ...pickWeighted<() => Record<string, unknown>>(random, [
      [4, () => stepWork(random)],
      [
        2,
        () => ({
          ...stepWork(random),
          input: { acts: [{ do: 'plan', ms: Math.round(between(random, 1, 50) ** 2) }] },
        }),
      ],
      [2, () => ({ ...stepWork(random), map })],
      [1, () => ({ waitFor: { signal: 'go', timeoutMs } })],
      [1, () => ({ approval: { timeoutMs } })],
      [1, () => ({ sleep: { ms: timeoutMs } })],
      [2, () => ({ workflow: { tasks: ['x', 'y'].map((id) => ({ id, ...stepWork(random) })) } })],
    ])(),
    ...(chance(random, 0.3)
      ? { join: pick(random, ['any', 'none-failed', 'all-ended', { atLeast: 2 }]) }
      : {}),
    ...(chance(random, 0.1) ? { when: 'size(run.input) > 2' } : {}),
    ...(chance(random, 0.15) ? { continueOnFailure: true } : {}),
    ...(chance(random, 0.4) ? { compensate: undoing(random) } : {}),
  };
}

/** Two steps that a running attempt adds to its run, the second of which may wait for a signal: who has planned them is in their ids. */
export function addedSteps(random: Random, taskId: string, attempt: number): Record<string, unknown> {
  const [first, second] = ['a', 'b'].map((step) => addedId(taskId, attempt, step));
  const wait = { waitFor: { signal: 'go', timeoutMs: wholeBetween(random, 200, 1_500) } };
  return {
    tasks: [
      { id: first, ...plainWork(random), ...(chance(random, 0.3) ? { compensate: undoing(random) } : {}) },
      { id: second, ...(chance(random, 0.4) ? wait : plainWork(random)) },
    ],
    dependencies: chance(random, 0.5) && first && second ? { [second]: [first] } : {},
  };
}

export function addedId(taskId: string, attempt: number, step: string): string {
  return `${taskId}.${attempt}.${step}`;
}

/** Of which nothing further is planned. */
function plainWork(random: Random): Record<string, unknown> {
  const act = chance(random, 0.9) ? 'succeed' : 'fail';
  const ms = wholeBetween(random, 1, 200);
  return { ...stepWork(random), input: { acts: [{ do: act, ms, final: false }] } };
}

function undoing(random: Random): Record<string, unknown> {
  const { type, input, retry } = work(random);
  return { type, input, retry, timeouts: { startToCloseMs: 2_000 } };
}

function work(random: Random): Record<string, unknown> {
  const acts = Array.from({ length: wholeBetween(random, 1, 3) }, () => actOf(random));
  const input: Part = { acts };
  return {
    type: pick(random, TYPES),
    input,
    requirements: requirements(random),
    priority: pickWeighted(random, PRIORITIES),
    retry: {
      maxAttempts: wholeBetween(random, 1, 4),
      initialMs: wholeBetween(random, 10, 200),
      maxMs: 500,
      ...(chance(random, 0.1) ? { nonRetryableCodes: ['attempt-failed'] } : {}),
      ...(chance(random, 0.1) ? { totalMs: wholeBetween(random, 200, 3_000) } : {}),
    },
  };
}

function requirements(random: Random): Record<string, unknown> {
  return {
    ...(chance(random, 0.25) ? { region: [pick(random, REGIONS)] } : {}),
    ...(chance(random, 0.15) ? { capabilities: ['gpu'] } : {}),
  };
}

function timeouts(random: Random, now: number): Record<string, unknown> {
  return {
    ...(chance(random, 0.2) ? { startToCloseMs: wholeBetween(random, 50, 1_500) } : {}),
    ...(chance(random, 0.06) ? { heartbeatMs: wholeBetween(random, 100, 800) } : {}),
    ...(chance(random, 0.1) ? { scheduleToStartMs: wholeBetween(random, 100, 4_000) } : {}),
    ...(chance(random, 0.08) ? { deadline: iso(now + between(random, 200, 6_000)) } : {}),
  };
}

function waitFor(random: Random): Record<string, unknown> {
  return { signal: 'go', ...(chance(random, 0.4) ? { timeoutMs: wholeBetween(random, 200, 4_000) } : {}) };
}

function iso(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
