import { LIMITS } from './limits';
import { timeFindings } from './task-times';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const at = (ms: number): string => new Date(NOW + ms).toISOString();

function said(notBefore: string | undefined, deadline: string | undefined): string[] {
  const timeouts = deadline === undefined ? {} : { deadline };
  return timeFindings({ notBefore, timeouts }, NOW).map(({ pointer, code }) => `${pointer} ${code}`);
}

test.each([
  [undefined, undefined],
  [at(-5_000), undefined],
  [undefined, at(1)],
  [at(1_000), at(1_001)],
  [at(LIMITS.DURATION_MS - 1), at(LIMITS.DURATION_MS)],
])('a start at %s and an end by %s can be kept', (notBefore, deadline) => {
  expect(said(notBefore, deadline)).toEqual([]);
});

test.each([
  [undefined, at(0), '/timeouts/deadline passed'],
  [undefined, at(-1), '/timeouts/deadline passed'],
  [at(1_000), at(1_000), '/timeouts/deadline before-start'],
  [at(LIMITS.DURATION_MS + 1), undefined, '/notBefore too-far'],
  [undefined, '9999-12-31T23:59:59Z', '/timeouts/deadline too-far'],
])('a start at %s and an end by %s cannot', (notBefore, deadline, finding) => {
  expect(said(notBefore, deadline)).toEqual([finding]);
});

test('what is wrong says what to do, and where in a workflow it is', () => {
  expect(timeFindings({ timeouts: { deadline: at(-1) } }, NOW, ['tasks', 3])).toEqual([
    {
      pointer: '/tasks/3/timeouts/deadline',
      code: 'passed',
      message:
        'has passed: it is 2026-01-01T00:00:00.000Z now; give an instant that is still to come, or leave it out',
    },
  ]);
});
