import { deferred } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import { heartbeat } from '../../test/support/builders';
import { MemoryCordonStore, RegionBench } from '../../test/support/region';
import type { Cordon } from '../ports';

const T1 = 't0-00000001';
const T2 = 't0-00000002';

type Wish = Cordon['kind'];
const wish = (kind: Wish, reason = 'maintenance') => ({ v: 1 as const, kind, reason });

function region(cordons = new MemoryCordonStore()): RegionBench {
  const bench = new RegionBench({}, cordons);
  for (const swarmId of ['a', 'b']) bench.coordinator.observe(heartbeat({ swarmId }));
  bench.placer.others = ['b'];
  return bench;
}

test.each(['cordon', 'drain', 'uncordon'] as const)(
  'K1: a %s is stored and told to the swarm before it is answered',
  async (kind) => {
    const bench = region();
    await bench.coordinator.control('a', wish(kind));
    expect([...bench.cordons.cordons.values()]).toEqual([
      {
        ...{ swarmId: 'a', kind, reason: 'maintenance', at: bench.clock.now() },
        swarm: expect.objectContaining({ swarmId: 'a', region: 'eu-west', state: 'ready', held: [] }),
      },
    ]);
    expect(bench.swarms.controls).toEqual([{ swarmId: 'a', control: wish(kind) }]);
  },
);

test('K1: what cannot be stored is not wanted, and may be asked again', async () => {
  const bench = region();
  await turns();
  bench.cordons.fault = Object.assign(new Error('Redis is away'), { code: 'store-unavailable' });
  await expect(bench.coordinator.control('a', wish('drain'))).rejects.toThrow('Redis is away');
  bench.cordons.fault = undefined;
  bench.cordons.epoch = 2;
  await expect(bench.coordinator.control('a', wish('drain'))).rejects.toMatchObject({
    ...{ code: 'stale-epoch', retryable: true },
  });
  bench.coordinator.observe(heartbeat({ seq: 2 }));
  await turns();
  expect(bench.swarms.controls).toEqual([]);
});

test('a swarm of which nobody has heard is not found; one that is down is told when it comes back', async () => {
  const bench = region();
  await expect(bench.coordinator.control('x', wish('drain'))).rejects.toMatchObject({
    code: 'swarm-not-found',
  });
  bench.clock.advance(10_000);
  bench.coordinator.tick();
  bench.swarms.deaf.add('a');
  await bench.coordinator.control('a', wish('drain'));
  bench.swarms.deaf.clear();
  bench.coordinator.observe(heartbeat({ instance: 'i2', seq: 0, sentAt: 9 }));
  await turns();
  expect(bench.swarms.controlled).toEqual(['a drain', 'a drain']);
});

describe('K2: a swarm is told again as long as its heartbeats say otherwise', () => {
  test.each([
    ['cordon', 'ready', true],
    ['cordon', 'cordoned', false],
    ['cordon', 'draining', true],
    ['drain', 'ready', true],
    ['drain', 'cordoned', true],
    ['drain', 'draining', false],
    ['uncordon', 'cordoned', true],
    ['uncordon', 'draining', true],
    ['uncordon', 'ready', false],
  ] as const)('wanted: %s, heartbeat: %s, told: %s', async (kind, state, told) => {
    const bench = region();
    await bench.coordinator.control('a', wish(kind));
    bench.coordinator.observe(heartbeat({ seq: 2, state }));
    await turns();
    expect(bench.swarms.controlled).toEqual([`a ${kind}`, ...(told ? [`a ${kind}`] : [])]);
  });

  test('one message at a time', async () => {
    const bench = region();
    await bench.coordinator.control('a', wish('drain'));
    for (const seq of [2, 3, 4]) bench.coordinator.observe(heartbeat({ seq }));
    await turns();
    expect(bench.swarms.controlled).toEqual(['a drain', 'a drain']);
    bench.coordinator.observe(heartbeat({ seq: 5 }));
    await turns();
    expect(bench.swarms.controlled).toHaveLength(3);
  });

  test('by the next coordinator too, of a swarm that starts anew too', async () => {
    const before = region();
    await before.coordinator.control('a', wish('drain', 'new kernel'));
    before.coordinator.stop();
    const after = region(before.cordons);
    await turns();
    after.coordinator.observe(heartbeat({ instance: 'i2', sentAt: 5 }));
    await turns();
    expect(after.swarms.controls).toEqual([{ swarmId: 'a', control: wish('drain', 'new kernel') }]);
  });

  test('a coordinator that could not read what is wanted reads it later', async () => {
    const cordons = new MemoryCordonStore();
    cordons.cordons.set('a', { swarmId: 'a', kind: 'cordon', reason: 'because', at: 0 });
    cordons.fault = new Error('Redis is away');
    const bench = region(cordons);
    await turns();
    cordons.fault = undefined;
    bench.coordinator.tick();
    await turns();
    bench.coordinator.observe(heartbeat({ seq: 2 }));
    await turns();
    expect(bench.swarms.controlled).toEqual(['a cordon']);
  });
});

describe('K3: the end of a cordon', () => {
  test('stands until a heartbeat shows that it has arrived; then nothing is wanted any more', async () => {
    const bench = region();
    await bench.coordinator.control('a', wish('drain'));
    await bench.coordinator.control('a', wish('uncordon'));
    bench.coordinator.observe(heartbeat({ seq: 2, state: 'draining' }));
    await turns();
    expect(bench.cordons.cordons.size).toBe(1);
    bench.coordinator.observe(heartbeat({ seq: 3 }));
    await turns();
    expect(bench.cordons.cordons.size).toBe(0);
    bench.coordinator.observe(heartbeat({ seq: 4, state: 'draining' }));
    await turns();
    expect(bench.swarms.controlled).toEqual(['a drain', 'a uncordon', 'a uncordon']);
  });

  test('that could not be stored is stored with a later heartbeat', async () => {
    const bench = region();
    await bench.coordinator.control('a', wish('uncordon'));
    bench.cordons.fault = new Error('Redis is away');
    bench.coordinator.observe(heartbeat({ seq: 2 }));
    await turns();
    bench.cordons.fault = undefined;
    expect(bench.cordons.cordons.size).toBe(1);
    bench.coordinator.observe(heartbeat({ seq: 3 }));
    await turns();
    expect(bench.cordons.cordons.size).toBe(0);
  });

  test('is not stored over a wish that comes after it', async () => {
    const bench = region();
    await bench.coordinator.control('a', wish('uncordon'));
    const { promise: answered, resolve: answer } = deferred<void>();
    const put = bench.cordons.put.bind(bench.cordons);
    bench.cordons.put = async (...wanted) => {
      const stored = await put(...wanted);
      await answered;
      return stored;
    };
    const wanted = bench.coordinator.control('a', wish('drain'));
    await turns();
    bench.coordinator.observe(heartbeat({ seq: 2 }));
    await turns();
    answer();
    await wanted;
    expect(bench.cordons.cordons.get('a')?.kind).toBe('drain');
    expect(bench.swarms.controlled).toEqual(['a uncordon', 'a drain']);
  });
});

describe('C6: a swarm that shall get nothing new', () => {
  test('is passed over although it has not heard of it, and its own work goes on', async () => {
    const bench = region();
    await bench.send(T1);
    bench.swarms.deaf.add('a');
    await bench.coordinator.control('a', wish('cordon'));
    expect(await bench.send(T2)).toMatchObject({ outcome: 'accepted', placement: { swarmId: 'b' } });
    expect(await bench.send(T1)).toMatchObject({ outcome: 'accepted' });
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`, `b ${T2}#1`, `a ${T1}#1`]);
  });

  test('is asked all the same about what it may have been sent before', async () => {
    const bench = region();
    await bench.coordinator.control('a', wish('cordon'));
    expect(await bench.send(T1, 1, { again: true })).toMatchObject({ outcome: 'accepted' });
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`]);
  });

  test('gets work again once that is over', async () => {
    const bench = region();
    await bench.coordinator.control('a', wish('cordon'));
    await bench.coordinator.control('a', wish('uncordon'));
    expect(await bench.send(T1)).toMatchObject({ outcome: 'accepted' });
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`]);
  });
});

test('cordons of swarms that never come back make room for new ones, the oldest first', async () => {
  const cordons = new MemoryCordonStore();
  for (const [index, swarmId] of ['gone1', 'gone2', 'gone3'].entries())
    cordons.cordons.set(swarmId, { swarmId, kind: 'drain', reason: '', at: index });
  const bench = new RegionBench({ maxSwarms: 3 }, cordons);
  bench.coordinator.observe(heartbeat());
  await bench.coordinator.control('a', wish('drain'));
  expect([...cordons.cordons.keys()]).toEqual(['gone2', 'gone3', 'a']);
  await pass(bench.clock, 100);
});
