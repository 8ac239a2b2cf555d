import { queuedTask, runOf } from '../../../test/support/builders';
import type { Write } from '../../ports';
import { changesOf } from './batch-changes';

const ID = 't0-00000001';
const RUN = 'w0-00000001';

test('of several writes of a task the last record stands, with what the first said was stored', () => {
  const record = queuedTask(ID);
  const writes: Write[] = [
    { kind: 'task', record, isNew: false, was: 'backoff' },
    { kind: 'task', record: { ...record, attempt: 1 }, isNew: false, was: 'queued' },
  ];
  expect([...changesOf(writes).tasks]).toEqual([
    [ID, { record: { ...record, attempt: 1 }, isNew: false, was: 'backoff' }],
  ]);
});

test('a task that is made and changed in one batch is new', () => {
  const record = queuedTask(ID);
  const writes: Write[] = [
    { kind: 'task', record, isNew: true },
    { kind: 'task', record: { ...record, attempt: 1 }, isNew: false, was: 'queued' },
  ];
  expect(changesOf(writes).tasks.get(ID)).toEqual({
    record: { ...record, attempt: 1 },
    isNew: true,
    was: undefined,
  });
});

test('a run keeps its last record and its last progress, whichever write brought them', () => {
  const record = runOf(RUN, { a: [] });
  const progress = (events: number) => ({ counts: {}, cost: 0, events });
  const writes: Write[] = [
    { kind: 'run', record, progress: progress(1), isNew: true },
    { kind: 'run', record: { ...record, endedAt: 5 }, progress: progress(2), isNew: false },
    { kind: 'run-progress', runId: RUN, progress: progress(3) },
    { kind: 'run-progress', runId: 'w0-00000002', progress: progress(4) },
  ];
  expect([...changesOf(writes).runs]).toEqual([
    [RUN, { record: { ...record, endedAt: 5 }, progress: progress(3), isNew: true }],
    ['w0-00000002', { progress: progress(4), isNew: false }],
  ]);
});

test('counts are summed', () => {
  const writes: Write[] = [
    { kind: 'count', state: 'queued', by: 1 },
    { kind: 'count', state: 'queued', by: -1 },
    { kind: 'count', state: 'assigned', by: 1 },
    { kind: 'count', state: 'assigned', by: 1 },
  ];
  expect([...changesOf(writes).counts]).toEqual([
    ['queued', 0],
    ['assigned', 2],
  ]);
});
