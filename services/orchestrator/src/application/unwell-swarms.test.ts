import { UnwellSwarms } from './unwell-swarms';

test('U1: a swarm is unwell as long as one load-balancer says so', () => {
  const unwell = new UnwellSwarms();
  expect(unwell.has('a', 0)).toBe(false);
  unwell.told('r1', ['a', 'b'], 0);
  unwell.told('r2', ['a'], 0);
  unwell.told('r1', [], 1);
  expect([unwell.has('a', 1), unwell.has('b', 1)]).toEqual([true, false]);
});

test('U1: one that says nothing any more is not believed for ever', () => {
  const unwell = new UnwellSwarms();
  unwell.told('r1', ['a'], 1_000);
  expect([unwell.has('a', 6_999), unwell.has('a', 7_000)]).toEqual([true, false]);
  unwell.told('r1', ['a'], 8_000);
  expect(unwell.has('a', 8_000)).toBe(true);
});

test('it listens to a bounded number of them, and to others when some are gone', () => {
  const unwell = new UnwellSwarms();
  for (let replica = 0; replica < 70; replica += 1) unwell.told(`r${replica}`, [`s${replica}`], 0);
  expect([unwell.has('s63', 1), unwell.has('s64', 1)]).toEqual([true, false]);
  unwell.told('r99', ['s99'], 10_000);
  expect(unwell.has('s99', 10_000)).toBe(true);
});
