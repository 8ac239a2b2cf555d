import fc from 'fast-check';
import type { Event } from '@multiswarm/contracts';
import { ArchivedTasks } from './archived-tasks';

const ID = 't0-0198c2d4e5f6';
const where = { attempt: 1, swarmId: 'eu-1', region: 'eu' };

function event(seq: number, type: Event['type'], more: Partial<Event> = {}): Event {
  return { v: 1, seq, at: seq * 1_000, type, namespace: 'shop', root: ID, taskId: ID, ...more };
}

const LIFE: Event[] = [
  event(1, 'task.submitted', { data: { type: 'work', priority: 'high' } }),
  event(2, 'task.queued'),
  event(3, 'task.assigned', where),
  event(4, 'task.running', where),
  event(5, 'task.backoff', where),
  event(6, 'task.queued'),
  event(7, 'task.assigned', { ...where, attempt: 2, swarmId: 'us-1', region: 'us' }),
  event(8, 'task.running', { ...where, attempt: 2, swarmId: 'us-1', region: 'us' }),
  event(9, 'task.progress', { ...where, attempt: 2, swarmId: 'us-1', region: 'us' }),
  event(10, 'task.failed', {
    attempt: 2,
    data: { error: { code: 'no-key', message: 'the key is old', retryable: false } },
  }),
];

function listed(events: readonly Event[], conditions = {}) {
  const tasks = new ArchivedTasks();
  for (const one of events) tasks.take({ kind: 'event', event: one, id: undefined });
  return tasks.list(conditions);
}

test('a task is what its events tell, in whatever order they are read, and also where some are read twice', () => {
  const anyOrder = fc.shuffledSubarray([...LIFE], { minLength: LIFE.length });
  fc.assert(
    fc.property(anyOrder, (events) => {
      expect(listed(events)).toEqual([
        {
          ...{ id: ID, type: 'work', namespace: 'shop', priority: 'high', state: 'failed', events: 10 },
          ...{
            attempt: 2,
            swarmId: 'us-1',
            region: 'us',
            error: { code: 'no-key', message: 'the key is old' },
          },
          createdAt: '1970-01-01T00:00:01.000Z',
          startedAt: '1970-01-01T00:00:04.000Z',
          endedAt: '1970-01-01T00:00:10.000Z',
        },
      ]);
    }),
  );
});

test.each(LIFE.map((_, index) => index + 1))(
  'after %i events its state is that of the last one that has changed it',
  (count) => {
    const states = [
      'blocked',
      'queued',
      'assigned',
      'running',
      'backoff',
      'queued',
      'assigned',
      'running',
      'running',
      'failed',
    ];
    expect(listed(LIFE.slice(0, count))[0]?.state).toBe(states[count - 1]);
  },
);

test('a task that was retried has not ended any more', () => {
  const [task] = listed([...LIFE, event(11, 'task.retried')]);
  expect(task).toMatchObject({ state: 'blocked' });
  expect([task?.endedAt, task?.error]).toEqual([undefined, undefined]);
});

test('a task of which only the middle is there is listed with what is known of it', () => {
  expect(listed([event(4, 'task.running', where)])).toEqual([
    {
      id: ID,
      namespace: 'shop',
      state: 'running',
      events: 1,
      ...where,
      startedAt: '1970-01-01T00:00:04.000Z',
    },
  ]);
});

test('conditions are those of the live list; the newest task comes first', () => {
  const other = 't1-0198c2d4e5f7';
  const step = { root: 'w1-0198c2d4e5f8', workflowId: 'w1-0198c2d4e5f8', taskId: other, step: 'a' };
  const events = [...LIFE, event(20, 'task.submitted', { ...step, data: { type: 'step', priority: 'low' } })];
  const ids = (conditions: object): string[] => listed(events, conditions).map(({ id }) => id);
  expect(ids({})).toEqual([other, ID]);
  expect(ids({ state: ['failed', 'expired'] })).toEqual([ID]);
  expect(ids({ type: ['st*'] })).toEqual([other]);
  expect(ids({ swarm: ['us-*'], region: ['us'], code: ['no-key'] })).toEqual([ID]);
  expect(ids({ swarm: ['eu-1'] })).toEqual([]);
  expect(ids({ workflow: step.root })).toEqual([other]);
  expect(ids({ namespace: ['default'] })).toEqual([]);
});

test('more tasks than a list is made of are refused, and not left out', () => {
  const tasks = new ArchivedTasks(1);
  tasks.take({ kind: 'event', event: event(1, 'task.submitted'), id: undefined });
  tasks.take({ kind: 'event', event: event(2, 'task.queued'), id: undefined });
  const another = event(1, 'task.submitted', { taskId: 't0-0198c2d4e5ff' });
  expect(() => tasks.take({ kind: 'event', event: another, id: undefined })).toThrow('more than 1 tasks');
});
