import { queuedTask } from '../../test/support/builders';
import type { Attempt, TaskRecord } from '../domain/task/record';
import type { Write } from '../ports';
import { LearnedDurations } from './durations';

function ended(type: string, ms: number, given: Partial<Attempt> = {}): TaskRecord {
  const task = queuedTask(`t0-${type}`, { type, namespace: 'acme' });
  const attempt = { attempt: 1, swarmId: 'a', region: 'eu-west', assignedAt: 0, costPerSlotHour: 1 };
  return {
    ...task,
    state: 'succeeded',
    attempts: [{ ...attempt, startedAt: 1_000, endedAt: 1_000 + ms, outcome: 'succeeded', ...given }],
  };
}

function write(record: TaskRecord, was: TaskRecord['state'] = 'running'): Write {
  return { kind: 'task', record, isNew: false, was };
}

describe('learned durations', () => {
  test('a type is learned from what was committed as succeeded, by namespace', () => {
    const learned = new LearnedDurations();
    learned.committed([write(ended('build', 500)), write(ended('build', 500))]);
    expect(learned.of('acme').expect('build', undefined)?.ms).toBeCloseTo(500, 6);
    expect(learned.of('acme').expect('build', undefined)?.runs).toBe(2);
    expect(learned.of('other').expect('build', undefined)).toBeUndefined();
  });

  test('what did not succeed, what was told before and what no swarm ran teaches nothing', () => {
    const learned = new LearnedDurations();
    learned.committed([
      write({ ...ended('build', 500), state: 'failed' }),
      write(ended('build', 500), 'succeeded'),
      write(ended('build', 500, { outcome: 'lost' })),
      write({ ...ended('build', 500), attempts: [] }),
    ]);
    expect(learned.of('acme').expect('build', undefined)).toBeUndefined();
  });

  test('no more types are kept than the limit: the one that was seen the longest ago goes', () => {
    const learned = new LearnedDurations(2);
    learned.committed(['a', 'b', 'a', 'c'].map((type) => write(ended(type, 10))));
    const known = ['a', 'b', 'c'].filter((type) => learned.of('acme').expect(type, undefined));
    expect(known).toEqual(['a', 'c']);
  });
});
