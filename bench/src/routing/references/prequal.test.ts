import { LatencyByLoad } from './latency-by-load';
import { PUBLISHED, reuseLimit } from './prequal';
import { ProbePool, type Probe } from './probe-pool';
import { RecentCounts } from './recent-counts';

const probe = (host: number, inFlight: number, latencyS: number, takenS = 0): Probe => {
  return { host, inFlight, latencyS, takenS, uses: 0 };
};

function poolOf(...probes: readonly Probe[]): ProbePool {
  const pool = new ProbePool(16, 1);
  for (const one of probes) pool.add(one);
  return pool;
}

test('the cold probe with the lowest latency is best, however many it has in flight', () => {
  expect(poolOf(probe(1, 1, 0.9), probe(2, 5, 0.2), probe(3, 9, 0.1)).best(5)?.host).toBe(2);
});

test('where all are hot, the one with the fewest in flight is best', () => {
  expect(poolOf(probe(1, 8, 0.1), probe(2, 7, 0.9), probe(3, 9, 0.1)).best(5)?.host).toBe(2);
});

test('in turns the oldest and the worst leave the pool', () => {
  const pool = poolOf(probe(1, 1, 0.1), probe(2, 9, 0.1), probe(3, 8, 0.9), probe(4, 2, 0.3));
  pool.removeOne(5);
  pool.removeOne(5);
  expect(pool.size).toBe(2);
  pool.remove(pool.best(5) ?? probe(0, 0, 0));
  expect(pool.best(5)?.host).toBe(3);
});

test('a full pool gives up its oldest, and every pool what is too old', () => {
  const pool = new ProbePool(2, 1);
  for (const at of [1, 2, 3]) pool.add(probe(at, at, 1, at));
  expect(pool.best(9)?.host).toBe(2);
  pool.forgetOld(3.5);
  expect(pool.size).toBe(1);
});

test('a probe is used as often as the published formula says', () => {
  expect(reuseLimit(PUBLISHED, 100)).toBeCloseTo(2 / (0.84 * 3 - 1), 9);
  expect(reuseLimit({ ...PUBLISHED, probesPerRequest: 1 }, 100)).toBe(Infinity);
});

test('a host answers with the median latency of the nearest load that it knows of lately', () => {
  const latencies = new LatencyByLoad(7, 2);
  expect(latencies.at(3, 0)).toBe(7);
  for (const latencyS of [0.1, 0.5, 0.2]) latencies.add(4, latencyS, 1);
  latencies.add(9, 3, 1);
  expect(latencies.at(3, 1)).toBe(0.2);
  expect(latencies.at(8, 1)).toBe(3);
  expect(latencies.at(8, 4)).toBe(7);
});

test('a quantile of the last numbers forgets those before them', () => {
  const counts = new RecentCounts(4);
  expect(counts.quantile(0.84)).toBe(Infinity);
  for (const value of [50, 1, 2, 3, 4]) counts.add(value);
  expect(counts.quantile(0)).toBe(1);
  expect(counts.quantile(0.84)).toBe(4);
});
