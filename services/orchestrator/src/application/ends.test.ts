import type { Event } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { queuedTask } from '../../test/support/builders';
import type { TaskRecord } from '../domain/task/record';
import type { RunRecord } from '../domain/workflow/run';
import { Ends } from './ends';

const event = (type: Event['type'], id: string): Event => ({
  v: 1,
  seq: 1,
  at: 1,
  type,
  root: id,
  namespace: 'default',
  ...(id.startsWith('t') ? { taskId: id } : {}),
});

test('an end wakes those who wait for it, with the record where it was committed here', async () => {
  const ends = new Ends(new ManualClock());
  const record = { ...queuedTask('t1'), state: 'succeeded' as const };
  const news = ends.newsOf('t1', undefined).wait(1_000);
  ends.committed([{ kind: 'task', record, isNew: false, was: 'assigned' }]);
  expect(await news).toEqual({ kind: 'task', record });
});

test('the end of a run comes with its record and with the steps that were committed meanwhile, and a change of one that goes on wakes nobody', async () => {
  const ends = new Ends(new ManualClock());
  const record = { id: 'w1', state: 'running' } as RunRecord; // nothing else of it is looked at
  const step = (id: string, state: 'assigned' | 'succeeded') => {
    const task = queuedTask(id);
    return { ...task, state, spec: { ...task.spec, workflowId: 'w1', step: id } };
  };
  const write = (state: RunRecord['state'], ...steps: TaskRecord[]) =>
    ends.committed([
      ...steps.map((each) => ({ kind: 'task' as const, record: each, isNew: false, was: 'queued' as const })),
      {
        kind: 'run',
        record: { ...record, state },
        progress: { counts: {}, cost: 0, events: 1 },
        isNew: false,
      },
      { kind: 'event', event: event(state === 'running' ? 'workflow.submitted' : 'workflow.failed', 'w1') },
    ]);
  write('running', step('t1', 'succeeded'));
  const news = ends.newsOf('w1', undefined).wait(1_000);
  write('running', step('t2', 'assigned'), queuedTask('t4'));
  const [second, third] = [step('t2', 'succeeded'), step('t3', 'succeeded')];
  write('failed', second, third);
  expect(await news).toEqual({
    kind: 'run',
    record: { id: 'w1', state: 'failed' },
    steps: new Map([
      ['t2', second],
      ['t3', third],
    ]),
  });
});

test('nothing but an end wakes anybody', async () => {
  const clock = new ManualClock();
  const ends = new Ends(clock);
  let woken = false;
  const news = ends.newsOf('t1', undefined).wait(1_000);
  void news.then(() => (woken = true));
  ends.observe([event('task.running', 't1'), event('task.succeeded', 't2')]);
  ends.committed([
    { kind: 'task', record: { ...queuedTask('t1'), state: 'running' }, isNew: false, was: 'assigned' },
  ]);
  await Promise.resolve();
  expect(woken).toBe(false);
  clock.advance(1_000);
  expect(await news).toBeUndefined();
});

test('an end that comes between the look and the wait is not missed', async () => {
  const ends = new Ends(new ManualClock());
  const news = ends.newsOf('w1', undefined);
  ends.observe([event('workflow.succeeded', 'w1')]);
  expect(await news.wait(1_000)).toBeUndefined();
});

test('who has gone is woken, and who has stopped is forgotten', async () => {
  const ends = new Ends(new ManualClock());
  const gone = new AbortController();
  const news = ends.newsOf('t1', gone.signal);
  const waited = news.wait(1_000);
  gone.abort();
  expect(await waited).toBeUndefined();
  news.stop();
  ends.observe([event('task.succeeded', 't1')]);
});
