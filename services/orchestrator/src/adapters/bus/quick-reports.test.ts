import { parse, ReportRequest } from '@multiswarm/contracts';
import { QuickReportRequest } from './quick-reports';

const times = { startedAt: 1, finishedAt: 2 };
const plain = {
  ...{ v: 1, swarmId: 's', region: 'eu-west', instance: 'i', id: 'i-1', fetch: 3, progress: [] },
  reports: [
    { taskId: 't3-1', attempt: 1, outcome: 'succeeded', output: { a: [1, null, 'x'] }, ...times },
    { taskId: 't3-2', attempt: 2, outcome: 'cancelled', ...times },
  ],
  outcomes: [{ taskId: 't3-3', attempt: 1, outcome: 'accepted' }],
};
const error = { code: 'x', message: 'y', retryable: true };
const unusual = {
  ...plain,
  reports: [{ taskId: 't3-1', attempt: 1, outcome: 'failed', error, usage: { costUsd: 1 }, ...times }],
  outcomes: [{ taskId: 't3-3', attempt: 1, outcome: 'refused', reason: 'full' }],
  progress: [{ taskId: 't3-4', attempt: 1, progress: { at: 1, percent: 5 } }],
};

/** Every place in a value, as a path. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

/** As it arrives when a sender has put something else there, or nothing. */
function changed(value: unknown, path: readonly string[], change: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path.at(-1) as string] = change;
  return JSON.parse(JSON.stringify(copy)) as unknown;
}

const OTHERS = [undefined, null, 0, -1, 1.5, '', 'x', 'lost', true, [], {}, [null], ['x'], { x: 1 }, 1e300];

test('reports of the usual kind are taken as they are', () => {
  expect(QuickReportRequest.parse(plain)).toBe(plain);
  expect(ReportRequest.parse(plain)).toEqual(plain);
});

test('errors, refusals and progress are read by the schema', () => {
  expect(QuickReportRequest.parse(unusual)).toEqual(ReportRequest.parse(unusual));
});

test('what an older sender leaves out is filled in', () => {
  expect(QuickReportRequest.parse({ v: 1, swarmId: 's', reports: [] })).toMatchObject({
    outcomes: [],
    fetch: 0,
  });
});

test.each([plain, unusual])(
  'the quick check judges as the schema does, and says the same about what is wrong',
  (example) => {
    for (const path of places(example)) {
      for (const value of OTHERS) {
        const given = changed(example, path, value);
        expect([path, value, parse(QuickReportRequest, given).ok]).toEqual([
          path,
          value,
          parse(ReportRequest, given).ok,
        ]);
        if (!parse(ReportRequest, given).ok)
          expect(parse(QuickReportRequest, given)).toEqual(parse(ReportRequest, given));
      }
    }
  },
);

test('a number that JSON cannot carry back is refused as the schema refuses it', () => {
  const given: unknown = JSON.parse(JSON.stringify(plain).replace('[1,', '[1e999,'));
  expect(parse(QuickReportRequest, given)).toEqual(parse(ReportRequest, given));
  expect(parse(QuickReportRequest, given).ok).toBe(false);
});
