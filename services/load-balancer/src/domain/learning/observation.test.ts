import type { LbReport } from '@multiswarm/contracts';
import { observationOf } from './observation';

type Outcome = LbReport['outcomes'][number];
const swarm = { swarmClass: 'cpu free', costPerSlotHour: 2 };
const end: Outcome = {
  ...{ reservationId: 'r', swarmId: 's', taskId: 't', attempt: 1, outcome: 'succeeded' },
  ...{ type: 'build', durationMs: 5 },
};

test.each<[Partial<Outcome>, string | undefined]>([
  [{}, 'succeeded'],
  [{ outcome: 'failed' }, 'failed'],
  [{ outcome: 'failed', fault: 'swarm' }, 'failed'],
  [{ outcome: 'failed', fault: 'task' }, undefined],
  [{ outcome: 'lost' }, 'failed'],
  [{ outcome: 'timed-out' }, 'failed'],
  [{ outcome: 'cancelled' }, undefined],
  [{ outcome: 'refused' }, undefined],
  [{ outcome: 'unused' }, undefined],
])('an end with %j shows: %s', (given, shown) => {
  expect(observationOf({ ...end, ...given }, swarm)?.outcome).toBe(shown);
});

test('an end without a type shows nothing, and one without a namespace is of the default one', () => {
  const { type: _, ...untyped } = end;
  expect(observationOf(untyped, swarm)).toBeUndefined();
  expect(observationOf(end, swarm)).toEqual({
    ...{ namespace: 'default', type: 'build', outcome: 'succeeded', durationMs: 5, ...swarm },
  });
  expect(observationOf({ ...end, namespace: 'shop' }, swarm)?.namespace).toBe('shop');
});
