import { Event } from '@multiswarm/contracts';
import { spec } from '../../../test/support/builders';
import { firstEvents, newTask } from './record';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const LATER = '2026-01-01T00:00:01.000Z';

test.each([
  ['a lone task is queued at once', {}, false, 'queued', ['task.submitted', 'task.queued']],
  [
    'a time that has passed is not waited for',
    { notBefore: '2025-01-01T00:00:00.000Z' },
    false,
    'queued',
    undefined,
  ],
  ['a task that begins later is blocked', { notBefore: LATER }, false, 'blocked', ['task.submitted']],
  [
    'a task that waits for a signal waits',
    { waitFor: { signal: 'go' } },
    false,
    'waiting',
    ['task.submitted', 'task.waiting'],
  ],
  [
    'first the time, then the signal',
    { notBefore: LATER, waitFor: { signal: 'go' } },
    false,
    'blocked',
    undefined,
  ],
  ['a step is blocked', { workflowId: 'w0-00000001', step: 'a' }, true, 'blocked', ['task.submitted']],
])('%s', (_name, given, blocked, state, types) => {
  const { record, events, effects } = newTask('t0-00000001', spec(given), { blocked, order: 5 }, NOW);
  expect(record).toMatchObject({ state, order: 5, events: 0, attempt: 0, createdAt: NOW, since: NOW });
  if (types) expect(events.map(({ type }) => type)).toEqual(types);
  expect(effects).toEqual(state === 'queued' ? [{ kind: 'enqueue' }] : []);
});

test('the first events of a task that was queued at once are told by its record, whatever became of it', () => {
  const { record, events } = newTask('t0-00000001', spec(), { blocked: false, order: 5 }, NOW);
  const later = { ...record, state: 'running' as const, since: NOW + 9, events: 4, attempt: 1 };
  const told = firstEvents(later);
  expect(told).toEqual(
    events.map((draft, index) => ({
      v: 1,
      seq: index + 1,
      at: NOW,
      namespace: 'default',
      root: 't0-00000001',
      taskId: 't0-00000001',
      ...draft,
    })),
  );
  for (const event of told) expect(Event.parse(event)).toEqual(event);
});

test('of a step, and of a task that had to wait first, the record tells no events', () => {
  for (const given of [
    { workflowId: 'w0-00000001', step: 'a' },
    { notBefore: LATER },
    { waitFor: { signal: 'go' } },
  ]) {
    const blocked = 'workflowId' in given;
    const { record } = newTask('t0-00000001', spec(given), { blocked, order: 5 }, NOW);
    expect(firstEvents(record)).toEqual([]);
  }
});
