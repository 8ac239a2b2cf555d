import { LbReport, parse } from '@multiswarm/contracts';
import { QuickLbReport } from './quick-outcomes';
import { ReportMessage } from './report-body';

const attempt = { reservationId: 'r1', swarmId: 's', taskId: 't3-1', attempt: 1 };
const report = {
  v: 1,
  outcomes: [
    { ...attempt, outcome: 'succeeded', durationMs: 5, next: { taskId: 't3-2', attempt: 1 } },
    { ...attempt, outcome: 'failed', type: 'build', namespace: 'shop', fault: 'task' },
    { ...attempt, outcome: 'unused' },
  ],
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

test('outcomes are taken as they are', () => {
  expect(QuickLbReport.parse(report)).toBe(report);
  expect(LbReport.parse(report)).toEqual(report);
});

test('the quick check judges as the schema does, and says the same about what is wrong', () => {
  for (const path of places(report)) {
    for (const value of OTHERS) {
      const given = changed(report, path, value);
      const [found, strict] = [parse(QuickLbReport, given), parse(ReportMessage, given)];
      if (!found.ok) expect(found).toEqual(strict);
      // A swarm that nobody knows changes nothing, however it is spelled.
      else if (!strict.ok) expect(path.at(-1)).toBe('swarmId');
    }
  }
});
