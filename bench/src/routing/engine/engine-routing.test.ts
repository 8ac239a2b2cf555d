import { policyByName } from '../../../../services/load-balancer/src/domain/policies';
import { roundRobin } from '../references/blind';
import { centralQueue } from '../references/central-queue';
import type { Routing } from '../routing';
import { ramp } from '../scenarios/ramp';
import { slotLimited } from '../scenarios/slot-limited';
import { simulate } from '../simulate';
import { engineRouting } from './engine-routing';

const hybrid = engineRouting(policyByName('hybrid'));

test('eight replicas of the real engine are nearly as fast as the ideal queue, and ahead of blind turns', () => {
  const p99 = (routing: Routing, requests = 1_500): number =>
    simulate(slotLimited(requests), routing, 1).perPhase()[0]?.p99 ?? NaN;
  expect(p99(hybrid)).toBeLessThan(1.15 * p99(centralQueue));
  expect(p99(hybrid, 6_000)).toBeLessThan(p99(roundRobin, 6_000));
});

test('the engine gives the same result for the same seed, and loses no request', () => {
  const first = simulate(ramp(100), hybrid, 3).perPhase();
  expect(simulate(ramp(100), hybrid, 3).perPhase()).toEqual(first);
  expect(first.map(({ requests, errors }) => ({ requests, errors }))).toEqual(
    first.map(() => ({ requests: 90, errors: 0 })),
  );
});
