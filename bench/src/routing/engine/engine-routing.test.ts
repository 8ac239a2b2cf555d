import { policyByName } from '../../../../services/load-balancer/src/domain/policies';
import { alike } from '../fleets';
import { roundRobin } from '../references/blind';
import { centralQueue } from '../references/central-queue';
import type { PhaseResult } from '../results';
import type { Routing } from '../routing';
import type { Scenario } from '../scenario';
import { ramp } from '../scenarios/ramp';
import { slotLimited } from '../scenarios/slot-limited';
import { simulate } from '../simulate';
import { exponential } from '../world/distributions';
import { engineRouting } from './engine-routing';

const hybrid = engineRouting(policyByName('hybrid'));

test('eight replicas of the real engine are nearly as fast as the ideal queue, and ahead of blind turns', () => {
  const result = (routing: Routing): PhaseResult | undefined =>
    simulate(slotLimited(3_000), routing, 1).perPhase()[0];
  const [ours, ideal, blind] = [hybrid, centralQueue, roundRobin].map(result);
  expect(ours?.p99).toBeLessThan(1.15 * (ideal?.p99 ?? NaN));
  expect(ours?.mean).toBeLessThan(blind?.mean ?? NaN);
});

test('replicas that were refused while tasks waited find the slots that come free, and the line gets shorter', () => {
  const burst: Scenario = {
    ...slotLimited(0),
    ...{ hosts: alike(20, 4), service: exponential, capacityCores: 80, warmUpShare: 0 },
    phases: [
      { name: 'burst', load: 1.3, requests: 1_000 },
      { name: 'draining', load: 0.85, requests: 2_000 },
      { name: 'after', load: 0.85, requests: 1_000 },
    ],
  };
  const [ours, ideal] = [hybrid, centralQueue].map(
    (routing) => simulate(burst, routing, 1).perPhase()[2]?.p99 ?? NaN,
  );
  expect(ours).toBeLessThan(1.15 * (ideal as number));
});

test('the engine gives the same result for the same seed, and loses no request', () => {
  const first = simulate(ramp(100), hybrid, 3).perPhase();
  expect(simulate(ramp(100), hybrid, 3).perPhase()).toEqual(first);
  expect(first.map(({ requests, errors }) => ({ requests, errors }))).toEqual(
    first.map(() => ({ requests: 90, errors: 0 })),
  );
});
