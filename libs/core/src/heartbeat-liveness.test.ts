import { heartbeatLiveness } from './heartbeat-liveness';

test.each([
  [1_000, 0, 'alive'],
  [1_000, 1_999, 'alive'],
  [1_000, 2_000, 'suspect'],
  [1_000, 2_999, 'suspect'],
  [1_000, 3_000, 'down'],
  [1_000, 1_000_000, 'down'],
] as const)('with an interval of %i ms, %i ms of silence mean %s', (intervalMs, silentMs, liveness) => {
  expect(heartbeatLiveness(silentMs, intervalMs)).toBe(liveness);
});

test('nobody is down at once, or never, by the interval that it claims', () => {
  expect(heartbeatLiveness(150, 0)).toBe('alive');
  expect(heartbeatLiveness(300, 0)).toBe('down');
  expect(heartbeatLiveness(3 * 60_000, Number.MAX_SAFE_INTEGER)).toBe('down');
});
