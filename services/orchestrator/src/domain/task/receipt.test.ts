import { Receipt } from '@multiswarm/contracts';
import { placement, spec } from '../../../test/support/builders';
import { WatchedTask } from '../../../test/support/watched-task';
import { receiptOf } from './receipt';
import type { Attempt, AttemptPlacement } from './record';
import { toldEvents } from './told-events';
import { taskView } from './view';

const { receipt, ...slot } = placement();
const BECAUSE =
  'a has just finished t0-00000007, and this was the next task in the order of all that it is known to fit';

function assigned(given: AttemptPlacement): WatchedTask {
  const task = new WatchedTask(spec());
  task.now += 5;
  task.give({ kind: 'assign', attempt: 1, placement: given });
  return task;
}

test('people read of a fetched attempt whose slot it got, though its record has no receipt', () => {
  const { record, now } = assigned({ ...slot, after: 't0-00000007' });
  expect(record.attempts[0]?.receipt).toBeUndefined();
  const [shown] = taskView(record).attempts;
  expect(Receipt.parse(shown?.receipt)).toEqual({
    policy: 'finish-and-fetch',
    decidedAt: new Date(now).toISOString(),
    ...{ candidates: 1, feasible: 1, withFreeSlot: 1, rejected: [], ranked: [] },
    chosen: 'a',
    because: BECAUSE,
  });
  expect(shown).not.toHaveProperty('after');
  expect(toldEvents(record)[2]).toMatchObject({ type: 'task.assigned', data: { because: BECAUSE } });
});

test('the receipt of the load-balancer is shown as it is, also where its region has moved a fetched attempt', () => {
  const task = assigned({ ...slot, after: 't0-00000007' });
  const moved = placement({ swarmId: 'b', receipt: { ...receipt, because: 'a has refused it' } });
  task.give({ kind: 'accepted', attempt: 1, placement: moved });
  expect(receiptOf(task.record.attempts[0] as Attempt)).toEqual(moved.receipt);
  expect(receiptOf(assigned(placement()).record.attempts[0] as Attempt)).toEqual(receipt);
});
