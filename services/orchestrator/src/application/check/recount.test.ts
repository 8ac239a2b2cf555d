import type { TaskState } from '@multiswarm/contracts';
import fc from 'fast-check';
import { queuedTask } from '../../../test/support/builders';
import type { Batch, Write } from '../../ports';
import { Recount } from './recount';

const STATES = ['queued', 'assigned', 'running', 'succeeded'] as const;
const id = (n: number): string => `t0-${String(n).padStart(8, '0')}`;

type Step = { do: 'commit'; task: number; to: (typeof STATES)[number] } | { do: 'read' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      task: fc.nat(7),
      to: fc.constantFrom(...STATES),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'read' as const }) },
);

/** A shard that is walked from its first task to its last while it goes on. */
class Shard {
  readonly states = new Map<string, TaskState>();
  batchSeq = 0;

  commit(task: string, to: TaskState): Batch {
    const was = this.states.get(task);
    const write: Write = {
      ...{ kind: 'task', record: { ...queuedTask(task), state: to }, isNew: was === undefined },
      was,
    };
    this.batchSeq += 1;
    this.states.set(task, to);
    return { shard: 0, epoch: 1, after: this.batchSeq - 1, batchSeq: this.batchSeq, writes: [write] };
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const state of this.states.values()) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }
}

test('whatever is committed between two pages, it counts as it was after the commit that it was told', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 10 }), fc.array(step, { maxLength: 60 }), (before, during) => {
      const shard = new Shard();
      for (const each of before) if (each.do === 'commit') shard.commit(id(each.task), each.to);
      const recount = new Recount();
      recount.take(shard.commit(id(0), 'queued')); // on its way when the counting begins
      const expected = shard.counts();
      const line = [...shard.states.keys()].sort();
      recount.begin(shard.batchSeq);
      const read = (): void => {
        const next = line.shift();
        const state = next === undefined ? undefined : shard.states.get(next);
        if (next !== undefined && state !== undefined) recount.read(next, state);
      };
      for (const each of during)
        if (each.do === 'commit') recount.take(shard.commit(id(each.task), each.to));
        else read();
      while (line.length > 0) read();
      for (const state of STATES) expect(recount.of(state)).toBe(expected[state] ?? 0);
    }),
  );
});

test('a task that was made since then does not count, and one that is only written again has not changed', () => {
  const shard = new Shard();
  const recount = new Recount();
  shard.commit(id(1), 'running');
  recount.begin(shard.batchSeq);
  recount.take(shard.commit(id(2), 'queued'));
  recount.take({
    ...{ shard: 0, epoch: 1, after: 2, batchSeq: 3 },
    writes: [{ kind: 'task', record: { ...queuedTask(id(1)), state: 'running' }, isNew: false }],
  });
  recount.read(id(1), 'running');
  recount.read(id(2), 'queued');
  expect([recount.of('running'), recount.of('queued')]).toEqual([1, 0]);
});

test('with more changes than are remembered it says that its sums mean nothing', () => {
  const shard = new Shard();
  const recount = new Recount(2);
  recount.begin(0);
  for (let n = 0; n < 4; n += 1) recount.take(shard.commit(id(n), 'queued'));
  expect(recount.isLost).toBe(true);
});
