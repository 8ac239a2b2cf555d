import { noSlot, QueueBench } from '../../../test/support/queue-bench';

/** A class that waits for swarm s, with these tasks. */
function parked(...given: Parameters<QueueBench['add']>[]): QueueBench {
  const bench = new QueueBench({ default: { limits: { api: { concurrency: 1 } } } });
  for (const each of given) bench.add(...each);
  bench.run(256, () => false);
  return bench;
}

test('a slot that comes free goes to the first task of the class that had it, parked or not', () => {
  const bench = parked(['t2', { order: 2 }], ['t1', { order: 1 }]);
  expect([bench.fetch('s'), bench.fetch('s'), bench.fetch('s')]).toEqual([['t1'], ['t2'], []]);
});

test('another class goes first when it is its turn and it is known to fit', () => {
  const bench = parked(['t1'], ['urgent', { classKey: 'd', priority: 'critical' }]);
  expect(bench.fetch('s')).toEqual(['urgent']);
});

test('nothing goes before a task whose turn it is and of which nobody knows whether it fits', () => {
  const bench = parked(['t1']);
  bench.add('new', { classKey: 'd', priority: 'critical' });
  expect(bench.fetch('s')).toEqual([]);
  expect(bench.fetch('s', 'd')).toEqual(['new']);
  expect(bench.fetch('s')).toEqual(['t1']);
});

test('a class that waits for other swarms is in nobody’s way', () => {
  const bench = parked(['t1']);
  bench.add('gpu', { classKey: 'gpu', priority: 'critical' });
  bench.run(1, () => false, noSlot('g'));
  expect(bench.fetch('s')).toEqual(['t1']);
});

test('one that may fit anywhere is in the way until an answer shows that it does not fit here', () => {
  const anywhere = { ...noSlot('g'), unmet: noSlot('g').unmet.map((each) => ({ ...each, count: 9 })) };
  const bench = parked(['t1'], ['t2'], ['t3']);
  bench.add('gpu', { classKey: 'gpu', priority: 'critical' });
  bench.run(1, () => false, anywhere);
  expect(bench.fetch('s')).toEqual([]);
  bench.freed('s');
  expect(bench.run(256, ({ taskId }) => taskId === 't1', anywhere)).toEqual(['t1']);
  expect(bench.fetch('s')).toEqual(['t2']);
  // Who knows what the swarm is after it has joined anew.
  bench.queue.capacityChanged(0, { swarmId: 's', reason: 'joined' });
  bench.run(256, () => false, anywhere);
  expect(bench.fetch('s')).toEqual([]);
});

test('a class that was placed on a swarm before fits there, unless it needs more than came free', () => {
  const bench = new QueueBench();
  bench.requirements = { c: { resources: { cpu: 2 } }, d: { resources: { cpu: 1 } } };
  bench.add('d1', { classKey: 'd' });
  bench.add('c1');
  expect(bench.run(2)).toEqual(['d1', 'c1']);
  bench.add('d2', { classKey: 'd' });
  bench.add('c2');
  expect(bench.fetch('s', 'c')).toEqual(['d2']);
  expect(bench.fetch('s', 'd')).toEqual([]);
});

test('what a pass is asking for goes before what is behind it, and the pass comes too late', () => {
  const bench = new QueueBench();
  bench.add('t1');
  bench.add('t2');
  const picked = bench.take(1);
  expect(bench.fetch('s')).toEqual(['t1']);
  const { placed, unused } = bench.queue.settle(
    picked,
    [
      {
        key: 't1',
        placement: { swarmId: 'x', region: 'r', reservationId: 'r1', costPerSlotHour: 0, receipt },
      },
    ],
    bench.now,
  );
  expect([placed, unused.map(({ taskId }) => taskId)]).toEqual([[], ['t1']]);
  expect(bench.run(5)).toEqual(['t2']);
});

test('what a pass is asking for in a stricter band is not overtaken where it may fit', () => {
  const bench = new QueueBench();
  bench.add('urgent', { classKey: 'd', priority: 'critical' });
  const picked = bench.take(1);
  bench.add('t1');
  expect(bench.fetch('s')).toEqual([]);
  bench.settle(picked, () => noSlot('other'));
  expect(bench.fetch('s')).toEqual(['t1']);
});

test('a task that avoids the swarm stays, and so does whatever is behind it', () => {
  const bench = parked();
  bench.add('t1', { avoid: ['s'] });
  bench.add('t2');
  expect(bench.fetch('s')).toEqual([]);
  expect(bench.fetch('other')).toEqual(['t1']);
});

test('the limit of the attempt that is ending is not free yet; another task goes', () => {
  const bench = parked(['ending', { limitKeys: ['api'] }]);
  bench.freed('s');
  expect(bench.run(1)).toEqual(['ending']);
  bench.add('held', { limitKeys: ['api'] });
  bench.add('free');
  expect(bench.fetch('s')).toEqual(['free']);
  expect(bench.fetch('s')).toEqual([]);
  bench.release('ending');
  expect(bench.fetch('s')).toEqual(['held']);
});

const receipt = {
  ...{ policy: 'p', decidedAt: '2026-01-01T00:00:00.000Z', candidates: 1, feasible: 1, withFreeSlot: 1 },
  ...{ rejected: [], ranked: [], because: 'it is the only one' },
};

describe('who wishes for something', () => {
  test('takes no slot that nobody has chosen for it, and nobody goes before it', () => {
    const bench = new QueueBench();
    bench.routing = { near: { near: 'eu' } };
    bench.add('t1', { classKey: 'near' });
    bench.add('t2');
    expect(bench.fetch('s', 'near')).toEqual([]);
    expect(bench.fetch('s', 'c')).toEqual([]);
    expect(bench.run(1)).toEqual(['t1']);
    expect(bench.fetch('s', 'c')).toEqual(['t2']);
  });

  test.each([{ affinity: 'customer:1' }, { group: 'g' }])(
    'also where it is a wish of its own: %j',
    (wish) => {
      const bench = parked(['t1', wish], ['t2']);
      expect(bench.fetch('s')).toEqual([]);
      bench.freed('s');
      expect(bench.run(1)).toEqual(['t1']);
      expect(bench.fetch('s')).toEqual(['t2']);
    },
  );

  test.each([{ policy: 'cost' }, { policies: { c: 'cost' } }])(
    'also where its namespace has chosen a policy: %j',
    (routing) => {
      const bench = parked(['t1']);
      bench.set('default', { routing });
      expect(bench.fetch('s')).toEqual([]);
      bench.set('default', { routing: { policies: { other: 'cost' } } });
      expect(bench.fetch('s')).toEqual(['t1']);
    },
  );

  test('and waits by choice is not taken for one that does not fit', () => {
    const bench = new QueueBench();
    bench.routing = { waits: { near: 'eu', localityWaitMs: 1_000 } };
    bench.add('t1', { classKey: 'waits', priority: 'critical' });
    bench.add('t2');
    bench.add('t3');
    expect(bench.run(2, ({ taskId }) => taskId === 't2')).toEqual(['t2']);
    // It may fit there once it has waited long enough: it is still its turn.
    bench.freed('s');
    expect(bench.fetch('s')).toEqual([]);
  });
});

describe('the load-balancer is asked with', () => {
  test('what a task wishes for itself beside what its class does, how long it takes and has', () => {
    const bench = new QueueBench();
    bench.routing = { c: { near: 'eu', localityWaitMs: 500 } };
    bench.add('t1', { affinity: 'a', group: 'g', estimateMs: 2_000, dueAt: bench.now.wall + 9_000 });
    bench.add('t2');
    bench.pass(300);
    const [first, second] = bench.items();
    expect(first).toMatchObject({
      routing: { near: 'eu', localityWaitMs: 500, affinity: 'a', group: 'g' },
      ...{ estimateMs: 2_000, dueInMs: 8_700, waitedMs: 300 },
    });
    expect(second?.routing).toEqual({ near: 'eu', localityWaitMs: 500 });
    expect(second).not.toHaveProperty('estimateMs');
    expect(second).not.toHaveProperty('dueInMs');
  });

  test('nothing that is not said', () => {
    const bench = new QueueBench();
    bench.add('t1');
    expect(Object.keys(bench.items()[0] ?? {}).sort()).toEqual(
      ['attempt', 'classKey', 'key', 'namespace', 'requirements', 'type'].sort(),
    );
  });

  test('the wishes of a task that was given out and came back', () => {
    const bench = new QueueBench();
    const task = bench.add('t1', { affinity: 'a', group: 'g', estimateMs: 5, dueAt: 7 });
    bench.queue.remove('t1', bench.now);
    bench.add('t2');
    expect(bench.items()[0]).not.toHaveProperty('routing');
    bench.queue.remove('t2', bench.now);
    bench.add('t1', task);
    expect(bench.items()[0]).toMatchObject({ routing: { affinity: 'a', group: 'g' }, estimateMs: 5 });
  });
});
