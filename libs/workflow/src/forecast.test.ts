import fc from 'fast-check';
import type { TaskState } from '@multiswarm/contracts';
import { forecast, type ForecastStep } from './forecast';

const NOW = 100_000;

function open(
  id: string,
  dependsOn: string[],
  estimateMs: number,
  more: Partial<ForecastStep> = {},
): ForecastStep {
  return { id, dependsOn, state: 'blocked', estimateMs, ...more };
}

function ended(id: string, dependsOn: string[], startedAt: number, endedAt: number): ForecastStep {
  return { id, dependsOn, state: 'succeeded', startedAt, endedAt };
}

const STATES: readonly TaskState[] = [
  'blocked',
  'queued',
  'running',
  'backoff',
  'succeeded',
  'failed',
  'skipped',
];

/** Any acyclic graph, with any state, and times that need not fit each other: clocks of swarms do not. */
const anyRun = fc
  .array(
    fc.record({
      state: fc.constantFrom(...STATES),
      before: fc.array(fc.nat(30), { maxLength: 4 }),
      startedAt: fc.option(fc.integer({ min: NOW - 5_000, max: NOW }), { nil: undefined }),
      lasted: fc.nat(4_000),
      estimateMs: fc.option(fc.nat(3_000), { nil: undefined }),
      needs: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      notBefore: fc.option(fc.integer({ min: NOW - 10, max: NOW + 5_000 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((drafts) =>
    drafts.map(({ before, lasted, ...draft }, index): ForecastStep => {
      const isOver = ['succeeded', 'failed', 'skipped'].includes(draft.state);
      return {
        ...draft,
        id: `s${index}`,
        dependsOn: before.filter((other) => other < index).map((other) => `s${other}`),
        endedAt: isOver ? (draft.startedAt ?? NOW - 1_000) + lasted : undefined,
      };
    }),
  );

/** The longest path by its definition: recursive, and exponential where paths meet, so for small graphs only. */
function longestPath(steps: readonly ForecastStep[], now: number): number {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const endOf = (id: string): number => {
    const { dependsOn, estimateMs = 0 } = byId.get(id) ?? open(id, [], 0);
    return Math.max(now, ...dependsOn.map(endOf)) + estimateMs;
  };
  return Math.max(now, ...steps.map(({ id }) => endOf(id)));
}

describe('forecast', () => {
  test('a diamond ends with its longer side, and the shorter one has the difference as slack', () => {
    const result = forecast({
      steps: [open('a', [], 100), open('b', ['a'], 300), open('c', ['a'], 50), open('d', ['b', 'c'], 10)],
      now: NOW,
    });
    expect(result.etaAt).toBe(NOW + 410);
    expect(result.criticalPath).toEqual(['a', 'b', 'd']);
    expect(result.steps.get('c')).toEqual({
      startAt: NOW + 100,
      endAt: NOW + 150,
      slackMs: 250,
      critical: false,
    });
    expect(result.remainingMs).toBe(460);
  });

  test('ended steps count as they were, with what they waited, and running ones as their start and length', () => {
    const result = forecast({
      steps: [
        ended('a', [], NOW - 900, NOW - 800),
        { ...open('b', ['a'], 500), state: 'running', startedAt: NOW - 300 },
        { ...open('late', ['a'], 10), state: 'running', startedAt: NOW - 300 },
        open('c', ['b'], 100),
      ],
      now: NOW,
    });
    expect(result.steps.get('b')).toMatchObject({ startAt: NOW - 300, endAt: NOW + 200, critical: true });
    // Longer under way than it should be: it ends now, at the earliest.
    expect(result.steps.get('late')).toMatchObject({ endAt: NOW, slackMs: 300 });
    expect(result.criticalPath).toEqual(['a', 'b', 'c']);
    expect(result.etaAt).toBe(NOW + 300);
    expect(result.remainingMs).toBe(300);
  });

  test('a skipped step takes no time and is not on the path, but what waited for it goes on behind it', () => {
    const result = forecast({
      steps: [
        ended('a', [], NOW - 50, NOW - 10),
        { id: 'b', dependsOn: ['a'], state: 'skipped', endedAt: NOW - 9 },
        open('c', ['b'], 70),
      ],
      now: NOW,
    });
    expect(result.criticalPath).toEqual(['a', 'c']);
    expect(result.etaAt).toBe(NOW + 70);
  });

  test('a step that needs any one of the steps before it starts with the first, and the others hold nothing', () => {
    const result = forecast({
      steps: [
        open('fast', [], 10),
        open('slow', [], 500),
        open('next', ['fast', 'slow'], 1_000, { needs: 1 }),
      ],
      now: NOW,
    });
    expect(result.etaAt).toBe(NOW + 1_010);
    expect(result.criticalPath).toEqual(['fast', 'next']);
    expect(result.steps.get('slow')?.slackMs).toBe(510);
  });

  test('what waits for a time begins then, and a map does not end before its items can have taken turns', () => {
    const result = forecast({
      steps: [
        open('retry', [], 10, { notBefore: NOW + 90 }),
        open('map', [], 0, { endsNotBefore: NOW + 400 }),
      ],
      now: NOW,
    });
    expect(result.steps.get('retry')).toMatchObject({ startAt: NOW + 90, endAt: NOW + 100 });
    expect(result.etaAt).toBe(NOW + 400);
  });

  test('durations that others know come before those of the steps', () => {
    const steps = [open('a', [], 5)];
    expect(forecast({ steps, now: NOW, durationOf: () => 77.4 }).etaAt).toBe(NOW + 77);
    expect(forecast({ steps, now: NOW, durationOf: () => undefined }).etaAt).toBe(NOW);
  });

  test('slack is never negative, steps without slack are the critical ones, and the path is made of them', () => {
    fc.assert(
      fc.property(anyRun, (steps) => {
        const result = forecast({ steps, now: NOW });
        for (const { slackMs, critical, startAt, endAt } of result.steps.values()) {
          expect(slackMs).toBeGreaterThanOrEqual(0);
          expect(critical).toBe(slackMs === 0);
          expect(endAt).toBeGreaterThanOrEqual(startAt);
          expect(endAt).toBeLessThanOrEqual(result.etaAt);
        }
        for (const id of result.criticalPath) expect(result.steps.get(id)?.slackMs).toBe(0);
        expect(result.etaAt).toBe(Math.max(...[...result.steps.values()].map(({ endAt }) => endAt)));
        expect(result.remainingMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('a step that ends later by less than its slack does not make the run end later', () => {
    const plain = anyRun.map((steps) =>
      steps.map(({ id, dependsOn, estimateMs }) => open(id, [...dependsOn], estimateMs ?? 0)),
    );
    fc.assert(
      fc.property(plain, fc.nat(), (steps, pick) => {
        const before = forecast({ steps, now: NOW });
        const chosen = steps[pick % steps.length]?.id;
        const slack = before.steps.get(chosen ?? '')?.slackMs ?? 0;
        const delayed = (by: number) =>
          forecast({
            now: NOW,
            steps: steps.map((step) =>
              step.id === chosen ? { ...step, estimateMs: (step.estimateMs ?? 0) + by } : step,
            ),
          }).etaAt;
        expect(delayed(slack)).toBe(before.etaAt);
        expect(delayed(slack + 1)).toBe(before.etaAt + 1);
      }),
    );
  });

  test('the end of a run that has not begun is its longest path', () => {
    const small = anyRun.map((steps) =>
      steps.slice(0, 12).map(({ id, dependsOn, estimateMs }) => open(id, [...dependsOn], estimateMs ?? 0)),
    );
    fc.assert(
      fc.property(small, (steps) => {
        expect(forecast({ steps, now: NOW }).etaAt).toBe(longestPath(steps, NOW));
      }),
    );
  });

  test('a chain of 10,000 steps is one path', () => {
    const steps = Array.from({ length: 10_000 }, (_, i) => open(`s${i}`, i === 0 ? [] : [`s${i - 1}`], 3));
    const result = forecast({ steps, now: NOW });
    expect(result.criticalPath).toHaveLength(10_000);
    expect(result.etaAt).toBe(NOW + 30_000);
  });

  test('a run without steps ends now, and a cycle is not accepted', () => {
    expect(forecast({ steps: [], now: NOW })).toMatchObject({ etaAt: NOW, criticalPath: [] });
    expect(() => forecast({ steps: [open('a', ['b'], 1), open('b', ['a'], 1)], now: NOW })).toThrow('cycle');
  });
});
