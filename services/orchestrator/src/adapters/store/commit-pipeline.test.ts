import { ManualClock } from '@multiswarm/core';
import { queuedTask } from '../../../test/support/builders';
import type { Batch } from '../../ports';
import { CommitPipeline } from './commit-pipeline';

/** A clock whose turns of the event loop end when the test says so. */
class TurnClock extends ManualClock {
  private asked: (() => void)[] = [];

  override soon(fn: () => void): void {
    this.asked.push(fn);
  }

  /** The next turn, and all promises that follow from it. @returns what was thrown */
  async turn(): Promise<unknown[]> {
    const thrown: unknown[] = [];
    for (const fn of this.asked.splice(0)) {
      try {
        fn();
      } catch (error) {
        thrown.push(error);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return thrown;
  }
}

/** A store that writes down how many commits leave in one write each time. */
function trial() {
  const writes: number[] = [];
  const clock = new TurnClock();
  const store: ConstructorParameters<typeof CommitPipeline>[0] = {
    together: (send) => {
      writes.push(0);
      return send();
    },
    send: () => {
      writes.push((writes.pop() ?? 0) + 1);
      return Promise.resolve('committed');
    },
    guard: () => Promise.reject(new Error('nobody asks for replicas')),
    load: () => Promise.reject(new Error('the script is known')),
  };
  return { clock, writes, pipeline: new CommitPipeline(store, 0, clock) };
}

function batch(shard: number): Batch {
  const record = queuedTask(`t${shard}-00000001`);
  return { shard, epoch: 1, after: 0, batchSeq: 1, writes: [{ kind: 'task', record, isNew: true }] };
}

test('what follows from a leave in promises goes in the same write as the commit of that leave', async () => {
  const { clock, writes, pipeline } = trial();
  pipeline.atTurnEnd(() => {
    void pipeline.commit(batch(0));
    void (async () => {
      for (let hop = 0; hop < 5; hop++) await Promise.resolve();
      await pipeline.commit(batch(1));
    })();
  });
  await clock.turn();
  expect(writes).toEqual([]);
  await clock.turn();
  expect(writes).toEqual([2]);
});

test('who is asked by a leave to leave with it takes along what has followed from that leave', async () => {
  const { clock, writes, pipeline } = trial();
  const gathered: Batch[] = [];
  pipeline.atTurnEnd(() => {
    void Promise.resolve().then(() => gathered.push(batch(1)));
    gathered.push(batch(0));
    pipeline.atTurnEnd(() => gathered.forEach((each) => void pipeline.commit(each)));
  });
  await clock.turn();
  await clock.turn();
  expect(writes).toEqual([2]);
});

test('a leave that throws is told as a fault of the process, keeps no other from leaving, and the next turn goes on', async () => {
  const { clock, writes, pipeline } = trial();
  pipeline.atTurnEnd(() => {
    throw new Error('a leave without luck');
  });
  const others = [pipeline.commit(batch(0))];
  pipeline.atTurnEnd(() => others.push(pipeline.commit(batch(1))));
  expect(await clock.turn()).toEqual([new Error('a leave without luck')]);
  await clock.turn();
  expect(await Promise.all(others)).toEqual(['committed', 'committed']);
  const next = pipeline.commit(batch(2));
  await clock.turn();
  await clock.turn();
  expect([await next, writes]).toEqual(['committed', [2, 1]]);
});
