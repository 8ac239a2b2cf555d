import { at, fleetOf, item } from '../../../test/support/builders';
import { seededRandom } from '@multiswarm/core';
import { DecisionLog } from '../decisions/decision-log';
import { Placer } from '../engine/placer';
import { isPlaced } from '../engine/decision';
import { Aids, policyByName } from '../policies';
import { EndLog } from './end-log';
import { routingMetrics } from './routing-metrics';

const swarms = [
  { state: 'ready' as const, slots: 4, busy: 5 },
  { state: 'suspect' as const, slots: 2, busy: 0 },
  { state: 'down' as const, slots: 8, busy: 1 },
];

test('of nothing there are no means', () => {
  const facts = { decisions: [], ends: [], swarms, now: at(0), knownMs: 0, responseTimeThresholdMs: 500 };
  expect(routingMetrics(facts)).toEqual({
    ...{ windowMs: 0, requests: 0, requestsPerSecond: 0, placed: 0, waiting: 0, policies: [] },
    ...{ ended: 0, successRate: null, averageResponseTimeMs: null, slowShare: null },
    responseTimeThresholdMs: 500,
    endpoints: { known: 3, active: 2, slots: 6, busySlots: 4 },
  });
});

test('requests and their ends are counted over the last minute, in all and by policy', () => {
  const fleet = fleetOf({ swarmId: 'a', slots: 3, intervalMs: 1_000_000 });
  const placer = new Placer(fleet, new Aids(seededRandom(1)));
  const log = new DecisionLog(100);
  const ends = new EndLog(100);
  const ask = (key: string, policy: string, ms: number): string => {
    const [outcome] = placer.place([item(key)], at(ms), () => policyByName(policy));
    if (outcome === undefined) throw new Error('nothing was decided');
    log.add(item(key), outcome, policy, at(ms).wallMs);
    return isPlaced(outcome) ? outcome.reservationId : '';
  };
  const end = (
    reservationId: string,
    outcome: 'succeeded' | 'failed' | 'cancelled',
    ms: number,
    at: number,
  ) => ends.add({ reservationId, swarmId: 'a', taskId: 't', attempt: 1, outcome, durationMs: ms }, at);
  end(ask('long-ago', 'cost', 0), 'failed', 9_000, 10);
  end(ask('t1', 'cost', 50_000), 'succeeded', 100, 50_100);
  end(ask('t2', 'cost', 60_000), 'failed', 700, 60_700);
  ask('t3', 'hybrid', 60_001);
  end('of another replica', 'succeeded', 400, 61_000);
  end('of nobody', 'cancelled', 1, 61_000);
  const metrics = routingMetrics({
    ...{ decisions: log.newest(), ends: ends.newest(), swarms, now: at(65_000), knownMs: Infinity },
    responseTimeThresholdMs: 500,
  });
  expect(metrics).toMatchObject({
    ...{ windowMs: 60_000, requests: 3, requestsPerSecond: 0.05, placed: 2, waiting: 1 },
    ...{ ended: 3, successRate: 2 / 3, averageResponseTimeMs: 400, slowShare: 1 / 3 },
    policies: [
      { policy: 'cost', requests: 2, placed: 2, ended: 2, successRate: 0.5, averageResponseTimeMs: 400 },
      { policy: 'hybrid', requests: 1, placed: 0, ended: 0, successRate: null },
    ],
  });
});

test('the oldest end makes room', () => {
  const ends = new EndLog(2);
  for (const [index, name] of ['a', 'b', 'c'].entries())
    ends.add({ reservationId: name, swarmId: 's', taskId: 't', attempt: 1, outcome: 'succeeded' }, index);
  expect([...ends.newest()].map(({ reservationId }) => reservationId)).toEqual(['c', 'b']);
  expect(ends.isFull).toBe(true);
});
