import { RETRY_DUE_MS } from '../shard-timers';
import { isInHand, LATE_MS } from './time-in-hand';

const NOW = 1_000_000;

test.each([
  ['is being handled', NOW - 1, undefined, true],
  ['is tried again since Redis did not answer', NOW - 20_000, NOW + RETRY_DUE_MS, true],
  ['was forgotten', NOW - LATE_MS, undefined, false],
  ['was put off', NOW - 1, NOW + RETRY_DUE_MS + 1, false],
  ['has not come, and is not waited for', NOW + 1, undefined, false],
  ['has not come, and is waited for elsewhere', NOW + 1, NOW + 2, false],
  ['never comes, and is waited for', undefined, NOW + 1, false],
])('a time that %s', (_, expected, found, inHand) => {
  expect(isInHand(expected, found, NOW)).toBe(inHand);
});
