import { placement, spec } from '../../../test/support/builders';
import { WatchedTask } from '../../../test/support/watched-task';
import type { TaskCommand } from './record';
import { isOrdinary } from './told-events';

// That told and kept events together are those that were published is held by `WatchedTask`, with every change.

const keptOf = ({ history }: WatchedTask): string[] => history.kept.map(({ seq, type }) => `${seq} ${type}`);

function finish(task: WatchedTask, startedAt: number): void {
  const { attempt } = task.record;
  const result = { startedAt, finishedAt: task.now };
  task.give({ kind: 'finished', attempt, outcome: 'succeeded', result });
}

test('of a task that succeeds with its first attempt nothing is kept', () => {
  const task = new WatchedTask(spec());
  task.now += 5;
  task.assign();
  task.now += 5;
  task.give({ kind: 'accepted', attempt: 1 });
  task.now += 5;
  finish(task, task.now - 3);
  expect(task.record).toMatchObject({ state: 'succeeded', events: 5 });
  expect(keptOf(task)).toEqual([]);
});

test.each([-3, 0, 3])('so it is where the report of its end is the first to tell that it runs', (early) => {
  const task = new WatchedTask(spec());
  task.now += 5;
  task.assign();
  task.now += 5;
  finish(task, task.now + early);
  expect(keptOf(task)).toEqual([]);
});

test('where it could not be told when the task was known to run, the events are kept', () => {
  const task = new WatchedTask(spec());
  task.assign();
  task.now += 5;
  task.give({ kind: 'accepted', attempt: 1 });
  const accepted = task.now;
  task.now += 5;
  finish(task, accepted);
  expect(keptOf(task)).toEqual(['3 task.assigned', '4 task.running', '5 task.succeeded']);
});

const moved = placement({ swarmId: 'b' });
test.each<[string, TaskCommand, string]>([
  ['is accepted by another swarm', { kind: 'accepted', attempt: 1, placement: moved }, '4 task.running'],
  ['is refused', { kind: 'refused', attempt: 1, reason: 'full' }, '4 task.refused,5 task.queued'],
  ['is lost', { kind: 'lost', attempt: 1, reason: 'gone' }, '4 task.lost,5 task.queued'],
  ['tells its progress', { kind: 'progress', attempt: 1, progress: { at: 1 } }, '4 task.progress'],
  ['is cancelled', { kind: 'cancel', reason: 'over' }, '4 task.cancel-requested'],
  ['is signalled', { kind: 'signal', signal: { name: 'go', payload: 1, at: 1 } }, '4 task.signalled'],
])('of one that %s all but the first events are kept from then on', (_what, command, events) => {
  const task = new WatchedTask(spec());
  task.assign();
  expect(keptOf(task)).toEqual([]);
  task.give(command);
  expect(keptOf(task).join()).toBe(`3 task.assigned,${events}`);
  task.assign();
  finish(task, task.now - 1);
  expect(task.history.kept).toHaveLength(task.record.events - 2);
  expect(isOrdinary(task.record)).toBe(false);
});

test('of one that has to wait first all events are kept', () => {
  const task = new WatchedTask(spec({ waitFor: { signal: 'go' } }));
  task.give({ kind: 'signal', signal: { name: 'go', payload: null, at: 1 } });
  expect(keptOf(task)).toEqual(['1 task.submitted', '2 task.waiting', '3 task.signalled', '4 task.queued']);
});
