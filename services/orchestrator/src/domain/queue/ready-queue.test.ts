import { PRIORITIES, type Priority } from '@multiswarm/contracts';
import fc from 'fast-check';
import { waiting } from '../../../test/support/builders';
import { ReadyQueue, type ReadyTask } from './ready-queue';

function task(taskId: string, classKey = 'a', priority: Priority = 'normal'): ReadyTask {
  return {
    taskId,
    shard: 0,
    priority,
    queuedAt: 0,
    avoid: [],
    item: { key: taskId, classKey, attempt: 1, namespace: 'default', type: 'build', requirements: {} },
  };
}

const ids = (tasks: readonly ReadyTask[]): string[] => tasks.map(({ taskId }) => taskId);

/** What the queue must agree with: one list in order, scanned as a whole. */
class NaiveQueue {
  waiting: ReadyTask[] = [];
  taken: ReadyTask[] = [];
  readonly parked = new Set<string>();

  /** What may go next, were there no windows: by priority, then by arrival, without parked classes. */
  eligible(): ReadyTask[] {
    return PRIORITIES.flatMap((priority) =>
      this.waiting.filter((each) => each.priority === priority && !this.parked.has(laneOf(each))),
    );
  }

  remove(taskId: string): void {
    this.waiting = this.waiting.filter((each) => each.taskId !== taskId);
    this.taken = this.taken.filter((each) => each.taskId !== taskId);
    this.forgetEmpty();
  }

  forgetEmpty(): void {
    const alive = new Set([...this.waiting, ...this.taken].map(laneOf));
    for (const lane of this.parked) if (!alive.has(lane)) this.parked.delete(lane);
  }
}

function laneOf(given: ReadyTask): string {
  return `${given.priority} ${given.item.classKey}`;
}

type Step =
  | { kind: 'add'; classKey: string; priority: Priority }
  | { kind: 'pass'; max: number; answer: 'placed' | 'none' | 'mixed' | 'lost'; cancelled: number }
  | { kind: 'cancel'; index: number }
  | { kind: 'wake'; slots: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      classKey: fc.constantFrom('a', 'b', 'c'),
      priority: fc.constantFrom(...PRIORITIES),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      max: fc.integer({ min: 1, max: 8 }),
      answer: fc.constantFrom('placed' as const, 'none' as const, 'mixed' as const, 'lost' as const),
      cancelled: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wake' as const), slots: fc.nat(10) }) },
);

/** Drives both and compares after every step. */
class Comparison {
  private readonly queue = new ReadyQueue();
  private readonly naive = new NaiveQueue();
  private readonly gone: string[] = [];
  private added = 0;

  step(given: Step): void {
    if (given.kind === 'add') this.add(given);
    else if (given.kind === 'cancel') this.cancel(given.index);
    else if (given.kind === 'pass') this.pass(given);
    else {
      this.queue.wake(given.slots);
      this.naive.parked.clear();
    }
    expect(this.queue.size).toBe(this.naive.waiting.length);
    const lanes = new Set(this.naive.waiting.map(laneOf));
    expect(this.queue.classes).toBe(lanes.size);
  }

  /** With capacity for all, everything that was not cancelled comes out, once. */
  drain(): void {
    for (;;) {
      this.queue.wake(1_000);
      this.naive.parked.clear();
      const taken = this.take(1_000);
      if (taken.length === 0) break;
      this.place(taken);
    }
    expect(this.gone.length).toBe(this.added);
    expect(new Set(this.gone).size).toBe(this.added);
    expect(this.queue).toMatchObject({ size: 0, classes: 0 });
  }

  private add({ classKey, priority }: { classKey: string; priority: Priority }): void {
    const given = task(`t${this.added++}`, classKey, priority);
    this.queue.add(given);
    this.queue.add(given); // a second time changes nothing
    this.naive.waiting.push(given);
  }

  private cancel(index: number): void {
    const given = this.naive.waiting[index % Math.max(1, this.naive.waiting.length)];
    if (given) this.forget(given.taskId);
  }

  private forget(taskId: string): void {
    this.queue.remove(taskId);
    this.naive.remove(taskId);
    this.gone.push(taskId);
  }

  private pass({ max, answer, cancelled }: Extract<Step, { kind: 'pass' }>): void {
    const taken = this.take(max);
    for (const each of taken.slice(0, cancelled)) this.forget(each.taskId);
    const left = taken.slice(cancelled);
    if (answer === 'placed') this.place(taken, left);
    else if (answer === 'lost') this.queue.putBack(taken);
    else {
      const unplaced = answer === 'none' ? taken : taken.filter((_, index) => index % 2 === 1);
      this.park(unplaced);
      this.place(taken.filter((each) => !unplaced.includes(each)));
    }
    this.naive.taken = [];
  }

  /** What the queue gives must be a run of the best that may go, class by class. */
  private take(max: number): ReadyTask[] {
    const eligible = this.naive.eligible();
    const taken = this.queue.take(max);
    expect(taken.length).toBeLessThanOrEqual(max);
    expect(taken.length > 0).toBe(eligible.length > 0);
    for (const lane of new Set(taken.map(laneOf))) {
      const inLane = ids(eligible.filter((each) => laneOf(each) === lane));
      const got = ids(taken.filter((each) => laneOf(each) === lane));
      expect(got).toEqual(inLane.slice(0, got.length)); // Q1, inside a class
    }
    const order = ids(eligible);
    const places = ids(taken).map((id) => order.indexOf(id));
    expect(places).toEqual([...places].sort((a, b) => a - b)); // Q1, over classes
    this.naive.taken = taken;
    return taken;
  }

  private place(taken: ReadyTask[], left = taken): void {
    for (const each of left) if (this.queue.has(each.taskId)) this.forget(each.taskId);
    this.queue.settle([], taken);
  }

  private park(unplaced: ReadyTask[]): void {
    this.queue.settle(
      unplaced.map((each) => ({ task: each, waiting: waiting() })),
      [],
    );
    for (const each of unplaced)
      if (this.naive.waiting.includes(this.find(each))) this.naive.parked.add(laneOf(each));
  }

  private find(given: ReadyTask): ReadyTask {
    return this.naive.waiting.find(({ taskId }) => taskId === given.taskId) ?? given;
  }
}

test('over any sequence of passes, cancellations and capacity the queue agrees with a naive list', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const comparison = new Comparison();
      for (const each of steps) comparison.step(each);
      comparison.drain();
    }),
    { numRuns: 300 },
  );
});

function queueOf(...tasks: ReadyTask[]): ReadyQueue {
  const queue = new ReadyQueue();
  for (const each of tasks) queue.add(each);
  return queue;
}

function park(queue: ReadyQueue, tasks: ReadyTask[]): void {
  queue.settle(
    tasks.map((each) => ({ task: each, waiting: waiting('no-swarm') })),
    [],
  );
}

test('a parked class holds up nobody, and goes first again when capacity comes', () => {
  const queue = queueOf(
    task('gpu1', 'gpu', 'critical'),
    task('gpu2', 'gpu', 'critical'),
    task('cpu', 'cpu', 'low'),
  );
  const taken = queue.take(2);
  expect(ids(taken)).toEqual(['gpu1', 'gpu2']);
  park(queue, taken);
  const next = queue.take(2);
  expect(ids(next)).toEqual(['cpu']);
  queue.putBack(next);
  queue.wake(1);
  expect(ids(queue.take(3))[0]).toBe('gpu1');
});

test('a refused class is asked for one task at a time until the first is placed', () => {
  const queue = queueOf(...Array.from({ length: 8 }, (_, index) => task(`t${index}`)));
  park(queue, queue.take(8));
  queue.wake(0);
  const one = queue.take(8);
  expect(ids(one)).toEqual(['t0']);
  queue.remove('t0');
  queue.settle([], one);
  expect(ids(queue.take(8))).toEqual(['t1', 't2']);
});

test('tasks of a parked class that are all cancelled leave nothing behind', () => {
  const queue = new ReadyQueue();
  for (let index = 0; index < 1_000; index += 1) {
    queue.add(task(`t${index}`, `class ${index}`));
    park(queue, queue.take(1));
    queue.remove(`t${index}`);
  }
  expect(queue).toMatchObject({ size: 0, classes: 0 });
});

test('what is cancelled behind a task that waits for ever is not kept', () => {
  const queue = queueOf(task('first'));
  park(queue, queue.take(1));
  for (let index = 0; index < 100_000; index += 1) {
    queue.add(task(`t${index}`));
    queue.remove(`t${index}`);
  }
  expect(JSON.stringify(queueContents(queue)).length).toBeLessThan(100_000);
  queue.wake(1);
  expect(ids(queue.take(2))).toEqual(['first']);
});

/** What the queue holds in its lines, wanted or not. */
function queueContents(queue: ReadyQueue): unknown {
  const { lanes } = queue as unknown as { lanes: Map<string, Map<string, unknown>> };
  return [...lanes.values()].map((each) => [...each.values()]);
}

test('a task that was removed and added anew while a pass had it is in the queue once', () => {
  const queue = queueOf(task('t1'));
  const taken = queue.take(1);
  queue.remove('t1');
  queue.add(task('t1'));
  queue.putBack(taken);
  park(queue, taken);
  expect(ids(queue.take(5))).toEqual(['t1']);
});

test('a swarm that refused a task is avoided once, and asked again after the next answer', () => {
  const queue = queueOf({ ...task('t1'), avoid: ['a'] });
  const taken = queue.take(1);
  expect(taken[0]?.avoid).toEqual(['a']);
  park(queue, taken);
  queue.wake(1);
  expect(queue.take(1)[0]?.avoid).toEqual([]);
});

test('a task says why it waits: the reason its class was told, or that it was not considered yet', () => {
  const queue = queueOf(task('t1'), task('t2'), task('other', 'b'));
  park(queue, queue.take(1));
  expect(queue.waiting('t2')).toMatchObject({ reason: 'no-swarm', since: '1970-01-01T00:00:00.000Z' });
  expect(queue.waiting('other')?.reason).toBe('not-yet-considered');
  expect(queue.waiting('unknown')).toBeUndefined();
});
