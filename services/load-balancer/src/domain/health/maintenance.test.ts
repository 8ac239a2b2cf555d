import fc from 'fast-check';
import { ANNOUNCED_BEFORE_MS, isFor, occurrenceAt, phaseAt } from './maintenance';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const START = Date.parse('2030-01-01T02:00:00Z');
const once = { from: '2030-01-01T02:00:00Z', until: '2030-01-01T03:00:00Z' };
const daily = { ...once, everyMs: DAY_MS };

test.each([
  [-ANNOUNCED_BEFORE_MS - 1, 'later'],
  [-ANNOUNCED_BEFORE_MS, 'announced'],
  [-1, 'announced'],
  [0, 'active'],
  [HOUR_MS - 1, 'active'],
  [HOUR_MS, 'over'],
])('a single window is, %d ms after its beginning, %s', (afterMs, phase) => {
  expect(phaseAt(once, START + afterMs)).toBe(phase);
});

test.each([
  [HOUR_MS, 'later'],
  [DAY_MS - ANNOUNCED_BEFORE_MS, 'announced'],
  [DAY_MS, 'active'],
  [7 * DAY_MS + HOUR_MS - 1, 'active'],
  [7 * DAY_MS + HOUR_MS, 'later'],
])('one that comes again each day is, %d ms after its first beginning, %s', (afterMs, phase) => {
  expect(phaseAt(daily, START + afterMs)).toBe(phase);
});

test('the time that is told is the present or the next one', () => {
  const times = {
    length: fc.integer({ min: 1, max: 500 }),
    pause: fc.integer({ min: 1, max: 500 }),
    at: fc.integer({ min: -999, max: 9_999 }),
  };
  fc.assert(
    fc.property(fc.record(times), ({ length, pause, at }) => {
      const from = new Date(START).toISOString();
      const until = new Date(START + length).toISOString();
      const everyMs = length + pause;
      const found = occurrenceAt({ from, until, everyMs }, START + at);
      let expected = START;
      while (expected + length <= START + at) expected += everyMs;
      expect(found).toEqual({ fromMs: expected, untilMs: expected + length });
    }),
  );
});

test('a window is for the swarms that every part of its selector names', () => {
  const swarm = { swarmId: 'a', region: 'eu-west', labels: { rack: 'r1', team: 'x' } };
  expect(isFor({ swarms: ['a', 'b'] }, swarm)).toBe(true);
  expect(isFor({ regions: ['eu-*'] }, swarm)).toBe(true);
  expect(isFor({ labels: { rack: 'r1' } }, swarm)).toBe(true);
  expect(isFor({ swarms: ['b'] }, swarm)).toBe(false);
  expect(isFor({ swarms: ['a'], regions: ['us-*'] }, swarm)).toBe(false);
  expect(isFor({ regions: ['*'], labels: { rack: 'r1', team: 'y' } }, swarm)).toBe(false);
});
