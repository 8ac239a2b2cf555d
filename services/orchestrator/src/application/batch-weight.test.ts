import { event, queuedTask, runOf, placement } from '../../test/support/builders';
import type { Write } from '../ports';
import { weightOf } from './batch-weight';

const ID = 't0-00000001';

function created(input: unknown): Write {
  return { kind: 'task', record: queuedTask(ID, { input }), isNew: true };
}

test('what is large weighs as much as it has characters, wherever it is', () => {
  const large = 'x'.repeat(100_000);
  const record = queuedTask(ID);
  const light = weightOf([created({})]);
  expect(light).toBeLessThan(2_000);
  const heavy: Write[] = [
    created({ deep: [{ text: large }] }),
    created(Array<number>(20_000).fill(7)),
    { kind: 'task', record: { ...record, output: { text: large } }, isNew: false, was: 'running' },
    {
      kind: 'task',
      record: { ...record, signals: [{ name: 's', payload: large, at: 0 }] },
      isNew: false,
      was: 'queued',
    },
    { kind: 'run', record: runOf('w0-00000001', manySteps()), progress: noProgress, isNew: true },
    { kind: 'event', event: { ...event(ID, 1), data: { text: large } } },
  ];
  for (const write of heavy) {
    expect(weightOf([write])).toBeGreaterThan(100_000);
    expect(weightOf([write])).toBeLessThan(400_000);
  }
  expect(weightOf(heavy)).toBe(heavy.reduce((sum, write) => sum + weightOf([write]), 0));
});

const noProgress = { counts: {}, cost: 0, events: 0 };

function manySteps(): Record<string, string[]> {
  return Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`step-${index}`, []]));
}

test('an input that is in the store already does not weigh again, an attempt with its receipt does', () => {
  const record = queuedTask(ID, { input: 'x'.repeat(100_000) });
  const { receipt, ...where } = placement();
  const attempt = { ...where, attempt: 1, assignedAt: 0, receipt };
  const change = (attempts: number): number =>
    weightOf([
      {
        kind: 'task',
        record: { ...record, attempts: Array(attempts).fill(attempt) as (typeof attempt)[] },
        isNew: false,
        was: 'queued',
      },
    ]);
  expect(change(0)).toBeLessThan(1_000);
  expect(change(20) - change(0)).toBeGreaterThan(20 * JSON.stringify(attempt).length);
});

test('counts, which are summed, weigh next to nothing, and what is forgotten weighs by its tasks', () => {
  const forget = (tasks: number): Write => ({
    kind: 'forget',
    root: 'w0-00000001',
    taskIds: Array<string>(tasks).fill(ID),
  });
  expect(weightOf(Array<Write>(100).fill({ kind: 'count', state: 'queued', by: 1 }))).toBeLessThan(5_000);
  expect(weightOf([forget(1_000)])).toBeGreaterThan(512 * 1024);
  expect(weightOf([])).toBe(0);
});
