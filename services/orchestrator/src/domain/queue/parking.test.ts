import { noSlot, noSwarm, QueueBench } from '../../../test/support/queue-bench';

function asks(bench: QueueBench, max = 256): string[] {
  const picked = bench.take(max);
  bench.queue.putBack(picked, bench.now);
  return picked.map(({ taskId }) => taskId);
}

test('a parked class holds up nobody, and its first task goes first when there is capacity for it', () => {
  const bench = new QueueBench();
  bench.add('gpu1', { classKey: 'gpu', priority: 'critical' });
  bench.add('gpu2', { classKey: 'gpu', priority: 'critical' });
  bench.add('cpu', { priority: 'low' });
  expect(bench.run(3, ({ taskId }) => taskId === 'cpu', noSlot('g'))).toEqual(['cpu']);
  expect(asks(bench)).toEqual([]);
  bench.add('cpu2');
  bench.freed('g');
  expect(asks(bench)[0]).toBe('gpu1');
});

test('a refused class is asked for one task at a time until one is placed, then for twice as many each time', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 20; at += 1) bench.add(`t${at}`);
  bench.run(20, () => false);
  bench.freed('s');
  expect(bench.run(20)).toEqual(['t0']);
  expect(bench.run(20)).toEqual(['t1', 't2']);
  expect(bench.run(20)).toEqual(['t3', 't4', 't5', 't6']);
});

test('as many are asked for as slots came free', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 20; at += 1) bench.add(`t${at}`);
  bench.run(20, () => false);
  bench.freed('s', 5);
  expect(bench.run(20)).toHaveLength(5);
});

test.each([-1, -7, -500])('a swarm that tells of %i free slots holds no pass up', (slots) => {
  const bench = new QueueBench();
  bench.add('t1');
  bench.run(1, () => false, noSlot('a'));
  bench.freed('a', slots);
  bench.freed('b', slots);
  asks(bench);
  bench.freed('a');
  expect(bench.run(1)).toEqual(['t1']);
});

test('a class waits for the swarms that could run it, and for no other', () => {
  const bench = new QueueBench();
  bench.add('t1');
  bench.run(1, () => false, noSlot('a', 'b'));
  bench.freed('c');
  expect(asks(bench)).toEqual([]);
  bench.freed('b');
  expect(asks(bench)).toEqual(['t1']);
});

test('where too many swarms could run it to be named, any slot may be for it', () => {
  const bench = new QueueBench();
  bench.add('t1');
  const waiting = noSlot('a');
  bench.run(1, () => false, { ...waiting, unmet: waiting.unmet.map((each) => ({ ...each, count: 9 })) });
  bench.freed('c');
  expect(asks(bench)).toEqual(['t1']);
});

test('where no swarm could run it only one that joins or changes is news', () => {
  const bench = new QueueBench();
  bench.add('t1');
  bench.run(1, () => false, noSwarm());
  bench.freed('a', 10);
  expect(asks(bench)).toEqual([]);
  bench.queue.capacityChanged(1, { swarmId: 'a', reason: 'joined' });
  expect(asks(bench)).toEqual(['t1']);
});

test('when a swarm joins all classes are asked for, however many slots it has', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 700; at += 1) bench.add(`t${at}`, { classKey: `c${at}` });
  for (let pass = 0; pass < 5; pass += 1) bench.run(256, () => false, noSwarm());
  bench.queue.capacityChanged(1, { swarmId: 'a', reason: 'joined' });
  const asked = new Set<string>();
  for (let picked = bench.take(256); picked.length > 0; picked = bench.take(256)) {
    for (const { taskId } of picked) asked.add(taskId);
    bench.settle(picked, () => noSlot('a'));
  }
  expect(asked.size).toBe(700);
});

test('slots that came free while the load-balancer was being asked count, though the answer may be older', () => {
  const bench = new QueueBench();
  bench.add('t1');
  const picked = bench.take(1);
  bench.freed('s');
  bench.settle(picked, () => noSlot('s'));
  expect(bench.run(1)).toEqual(['t1']);
});

test('a slot for a class none of whose tasks may go meanwhile is not lost for it', () => {
  const bench = new QueueBench({ default: { limits: { api: { concurrency: 1 } } } });
  bench.add('running', { limitKeys: ['api'] });
  bench.run(1);
  bench.add('held', { limitKeys: ['api'] });
  bench.add('first');
  bench.run(1, () => false); // parked, with 'first' in front
  bench.queue.remove('first', bench.now);
  bench.freed('s');
  expect(bench.run(1)).toEqual([]);
  bench.release('running');
  expect(bench.run(1)).toEqual(['held']);
});

test('a hint without a place is followed by one round of questions', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 100; at += 1) bench.add(`t${at}`, { classKey: `c${at}` });
  bench.run(256, () => false);
  bench.queue.capacityChanged(1, undefined);
  const asked = bench.take(256);
  expect(asked).toHaveLength(8);
  bench.settle(asked, () => noSlot('s'));
  expect(asks(bench)).toEqual([]);
});

test('what has waited longest is asked for again now and then, a part of all classes each time', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 100; at += 1) bench.add(`t${at}`, { classKey: `c${at}` });
  bench.run(256, () => false);
  const asked = new Set<string>();
  for (let look = 0; look < 2; look += 1) {
    bench.queue.lookAgain();
    const picked = bench.take(256);
    expect(picked).toHaveLength(64);
    for (const { taskId } of picked) asked.add(taskId);
    bench.settle(picked, () => noSlot('s'));
  }
  expect(asked.size).toBe(100);
});

test('with thousands of parked classes and keys a slot that is for none of them costs next to nothing', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 10_000; at += 1)
    for (const part of ['a', 'b']) bench.add(`t${at}${part}`, { classKey: `c${at}`, fairnessKey: `k${at}` });
  for (let pass = 0; pass < 120; pass += 1) bench.run(256, () => false, noSlot('g'));
  expect(asks(bench)).toEqual([]);
  const { table, offers } = bench.queue as unknown as {
    table: { before: (a: number, b: number) => boolean };
    offers: { update: (owner: unknown) => void };
  };
  const calls = { before: 0, update: 0 };
  const { before } = table;
  const update = offers.update.bind(offers);
  table.before = (a, b) => {
    calls.before += 1;
    return before(a, b);
  };
  offers.update = (owner) => {
    calls.update += 1;
    update(owner);
  };
  for (let at = 0; at < 100; at += 1) {
    bench.freed('cpu');
    bench.add(`cpu${at}`, { classKey: 'cpu' });
    expect(bench.run(256)).toEqual([`cpu${at}`]);
  }
  expect(calls.before + calls.update).toBeLessThan(100 * 30);
});

test('tasks of parked classes that are all cancelled leave nothing behind', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 500; at += 1) {
    bench.add(`t${at}`, {
      classKey: `c${at}`,
      fairnessKey: `k${at}`,
      limitKeys: [`l${at}`],
      namespace: `n${at}`,
    });
    bench.run(1, () => false, noSlot('s'));
    bench.queue.remove(`t${at}`, bench.now);
  }
  const { order, limits } = bench.queue as unknown as {
    order: { namespaces: Map<string, unknown> };
    limits: { namespaces: Map<string, unknown> };
  };
  expect(bench.queue).toMatchObject({ size: 0, classCount: 0 });
  expect([order.namespaces.size, limits.namespaces.size]).toEqual([0, 0]);
});

test('a class that waits for a time is asked for then, though nothing came free', () => {
  const bench = new QueueBench();
  bench.add('near', { classKey: 'near' });
  bench.add('other', { classKey: 'other' });
  bench.run(2, () => false, noSlot('a'));
  bench.freed('a');
  bench.run(2, () => false, { ...noSlot('b'), againInMs: 300 });
  expect(bench.queue.nextLookAt).toBe(300);
  bench.pass(299);
  expect(asks(bench)).toEqual([]);
  bench.pass(1);
  expect(asks(bench)).toEqual(['near', 'other']);
  expect(bench.run(2)).toEqual(['near', 'other']);
  expect(bench.queue.nextLookAt).toBeUndefined();
});

test('a class that has gone or was asked for meanwhile is not waited for', () => {
  const bench = new QueueBench();
  bench.add('gone', { classKey: 'gone' });
  bench.run(1, () => false, { ...noSlot('b'), againInMs: 300 });
  bench.queue.remove('gone', bench.now);
  expect(bench.queue.nextLookAt).toBeUndefined();
  bench.add('freed', { classKey: 'freed' });
  bench.run(1, () => false, { ...noSlot('b'), againInMs: 300 });
  bench.freed('b');
  bench.run(1, () => false, noSlot('b'));
  expect(bench.queue.nextLookAt).toBeUndefined();
});
