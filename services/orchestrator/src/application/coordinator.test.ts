import { pass, turns } from '@multiswarm/testing';
import { dispatchOf, heartbeat } from '../../test/support/builders';
import { FakeOwners, first, RegionBench, request } from '../../test/support/region';

const T1 = 't0-00000001';
const T2 = 't1-00000002';
const T3 = 't0-00000003';

describe('dispatch', () => {
  test('goes to the swarms that are named, whole and under the epoch of the region, and their answers come back in order', async () => {
    const { swarms, coordinator } = new RegionBench({ epoch: 7 });
    coordinator.observe(heartbeat());
    coordinator.observe(heartbeat({ swarmId: 'b' }));
    swarms.answer = (_swarmId, taskId) => (taskId === T2 ? 'refused' : 'accepted');
    const attempts = [dispatchOf(T1), dispatchOf(T2, 3, { swarmId: 'b' }), dispatchOf(T3)];
    const outcomes = await coordinator.dispatch({ ...request(...attempts), epoch: 5, regionEpoch: 7 });
    expect(outcomes).toEqual([
      { taskId: T1, attempt: 1, outcome: 'accepted' },
      { taskId: T2, attempt: 3, outcome: 'refused' },
      { taskId: T3, attempt: 1, outcome: 'accepted' },
    ]);
    expect(swarms.dispatched).toEqual([`a ${T1}#1`, `a ${T3}#1`, `b ${T2}#3`]);
    expect(swarms.requests[0]?.request).toEqual({
      ...{ v: 1, shard: 0, epoch: 5, regionEpoch: 7, instance: 'i1', reportTo: 'reports.of.owner' },
      attempts: [attempts[0], attempts[2]],
    });
  });

  test('C1: of an older epoch of the shard is refused, one of the same or a newer is not', async () => {
    const { coordinator } = new RegionBench();
    coordinator.observe(heartbeat());
    const sent = request(dispatchOf(T1));
    await coordinator.dispatch({ ...sent, epoch: 5 });
    await expect(coordinator.dispatch({ ...sent, epoch: 4 })).rejects.toMatchObject({ code: 'stale-epoch' });
    await expect(coordinator.dispatch({ ...sent, epoch: 5 })).resolves.toHaveLength(1);
    await expect(coordinator.dispatch({ ...sent, shard: 1, epoch: 1 })).resolves.toHaveLength(1);
  });

  test('C5: without the lease of the region goes nowhere, and neither does a control', async () => {
    const bench = new RegionBench();
    bench.coordinator.observe(heartbeat());
    bench.lease = false;
    const answer = { code: 'stale-epoch', retryable: true };
    await expect(bench.send(T1)).rejects.toMatchObject(answer);
    const cancel = { v: 1 as const, kind: 'cancel' as const, attempts: [] };
    await expect(bench.coordinator.control('a', cancel)).rejects.toMatchObject(answer);
    expect(bench.swarms.requests).toEqual([]);
  });

  test('a new coordinator waits for the first heartbeat of a swarm before it says that it is not here', async () => {
    const { swarms, clock, coordinator } = new RegionBench({ isNew: true });
    const known = coordinator.dispatch(request(dispatchOf(T1)));
    const unknown = coordinator.dispatch(request(dispatchOf(T2, 1, { swarmId: 'b' })));
    await turns();
    expect(swarms.requests).toEqual([]);
    coordinator.observe(heartbeat());
    expect(await known).toMatchObject([{ outcome: 'accepted' }]);
    clock.advance(1_000);
    expect(await unknown).toMatchObject([
      { outcome: 'refused', reason: 'swarm b is not a member of region eu-west' },
    ]);
    const later = await coordinator.dispatch(request(dispatchOf(T3, 1, { swarmId: 'b' })));
    expect(later).toMatchObject([{ outcome: 'refused' }]);
  });

  test('a shard that changed hands while the swarm was waited for gets nothing sent for the old owner', async () => {
    const { swarms, coordinator } = new RegionBench({ isNew: true });
    const old = coordinator.dispatch(request(dispatchOf(T1)));
    const refused = expect(old).rejects.toMatchObject({ code: 'stale-epoch' });
    void coordinator.dispatch({ ...request(dispatchOf(T2, 1, { swarmId: 'b' })), epoch: 2 });
    coordinator.observe(heartbeat());
    await refused;
    expect(swarms.dispatched).toEqual([]);
    coordinator.stop();
  });
});

describe('what a swarm had when it was lost', () => {
  test('C2: a swarm that restarts loses what it listed and what was sent but not yet listed, each once', async () => {
    const { owners, coordinator } = new RegionBench({ epoch: 3 });
    coordinator.observe(heartbeat());
    await coordinator.dispatch(request(dispatchOf(T1), dispatchOf(T2, 2)));
    coordinator.observe(heartbeat({ seq: 2, held: [{ taskId: T1, attempt: 1 }] }));
    coordinator.observe(heartbeat({ instance: 'i2', seq: 0, sentAt: 5 }));
    await turns();
    expect(owners.lost.sort()).toEqual([`0 ${T1}#1 lost`, `1 ${T2}#2 lost`]);
    expect(owners.taken[0]?.losses).toMatchObject({
      ...{ region: 'eu-west', regionEpoch: 3, swarmId: 'a' },
      reports: [{ error: { code: 'attempt-lost', message: 'swarm a: the swarm was restarted' } }],
    });
    coordinator.observe(heartbeat({ instance: 'i3', seq: 0, sentAt: 6 }));
    await turns();
    expect(owners.lost).toHaveLength(2);
  });

  test('a late heartbeat of the instance before costs the new one nothing', async () => {
    const { owners, swarms, coordinator } = new RegionBench();
    coordinator.observe(heartbeat({ sentAt: 1 }));
    coordinator.observe(heartbeat({ instance: 'i2', sentAt: 10 }));
    await coordinator.dispatch(request(dispatchOf(T1)));
    coordinator.observe(heartbeat({ seq: 2, sentAt: 2 }));
    coordinator.observe(
      heartbeat({ instance: 'i2', seq: 2, sentAt: 11, held: [{ taskId: T1, attempt: 1 }] }),
    );
    await turns();
    expect(owners.lost).toEqual([]);
    expect(swarms.dismissed).toEqual([expect.stringContaining('a i1: a newer process')]);
    expect(coordinator.summary().held).toEqual([{ taskId: T1, attempt: 1 }]);
  });

  test('an attempt that was sent counts as held until the swarm had time to list it, and once when it does', async () => {
    const { coordinator } = new RegionBench({ epoch: 4 });
    coordinator.observe(heartbeat());
    await coordinator.dispatch(request(dispatchOf(T1), dispatchOf(T2)));
    coordinator.observe(heartbeat({ seq: 2, held: [{ taskId: T1, attempt: 1 }] }));
    expect(coordinator.summary()).toEqual({
      ...{ v: 1, region: 'eu-west', epoch: 4, swarms: 1 },
      held: [
        { taskId: T1, attempt: 1 },
        { taskId: T2, attempt: 1 },
      ],
    });
    coordinator.observe(heartbeat({ seq: 3, held: [{ taskId: T1, attempt: 1 }] }));
    expect(coordinator.summary().held).toEqual([{ taskId: T1, attempt: 1 }]);
  });

  test('C2: a silent swarm loses all that it held, and gets no more work', async () => {
    const { owners, clock, coordinator } = new RegionBench();
    coordinator.observe(heartbeat({ held: [{ taskId: T2, attempt: 7 }] }));
    await coordinator.dispatch(request(dispatchOf(T1)));
    clock.advance(2_999);
    coordinator.tick();
    await turns();
    expect(owners.lost).toEqual([]);
    clock.advance(1);
    coordinator.tick();
    await turns();
    expect(owners.lost.sort()).toEqual([`0 ${T1}#1 lost`, `1 ${T2}#7 lost`]);
    expect(await coordinator.dispatch(request(dispatchOf(T3)))).toMatchObject([{ outcome: 'refused' }]);
  });

  test('C4: a new coordinator takes no silence for a loss until a full attempt lease has passed', async () => {
    const { owners, clock, coordinator } = new RegionBench({ isNew: true });
    coordinator.observe(heartbeat({ held: [{ taskId: T1, attempt: 1 }] }));
    clock.advance(9_999);
    coordinator.tick();
    await turns();
    expect(owners.lost).toEqual([]);
    expect(coordinator.summary().held).toHaveLength(1);
    clock.advance(1);
    coordinator.tick();
    await turns();
    expect(owners.lost).toEqual([`0 ${T1}#1 lost`]);
  });

  test('C4: a new coordinator declares nothing lost of a process that it has never heard, and at once of one that it has', async () => {
    const { owners, coordinator } = new RegionBench({ isNew: true });
    coordinator.observe(heartbeat({ instance: 'i2', sentAt: 5, held: [{ taskId: T1, attempt: 1 }] }));
    await turns();
    expect(owners.lost).toEqual([]);
    coordinator.observe(heartbeat({ instance: 'i3', sentAt: 6 }));
    await turns();
    expect(owners.lost).toEqual([`0 ${T1}#1 lost`]);
  });

  test('after a time in which nobody could be heard, every silence begins anew', async () => {
    const { owners, clock, coordinator } = new RegionBench();
    coordinator.observe(heartbeat({ held: [{ taskId: T1, attempt: 1 }] }));
    clock.advance(60_000);
    coordinator.forgiveSilence();
    clock.advance(2_999);
    coordinator.tick();
    await turns();
    expect(owners.lost).toEqual([]);
    clock.advance(1);
    coordinator.tick();
    await turns();
    expect(owners.lost).toHaveLength(1);
  });
});

describe('a loss on its way to its owner', () => {
  const lose = (bench: RegionBench, ...taskIds: string[]): void => {
    const held = taskIds.map((taskId) => ({ taskId, attempt: 1 }));
    bench.coordinator.observe(heartbeat({ held }));
    bench.coordinator.observe(heartbeat({ seq: 2, state: 'stopped', held }));
  };

  test('R1: is reported again and again until its owner has taken it', async () => {
    const bench = new RegionBench();
    bench.owners.away = 6;
    lose(bench, T1);
    await pass(bench.clock, 60_000, 100);
    expect(bench.owners.lost).toEqual([`0 ${T1}#1 lost`]);
    expect(bench.owners.tried).toBe(7);
  });

  test.each([
    ['moved', 'moved' as const],
    ['nothing', undefined],
  ])('R1: %s is no answer for it: only what is acknowledged is not sent again', async (_name, status) => {
    const bench = new RegionBench();
    bench.owners.status = (taskId) => (taskId === T1 ? status : 'stale');
    lose(bench, T1, T3);
    await pass(bench.clock, 1_000, 100);
    expect(bench.owners.lost).toEqual([`0 ${T3}#1 lost`]);
    bench.owners.status = () => 'recorded';
    await pass(bench.clock, 5_000, 100);
    expect(bench.owners.lost).toEqual([`0 ${T3}#1 lost`, `0 ${T1}#1 lost`]);
  });

  test('an owner that is away holds up only the losses of its own shard', async () => {
    const bench = new RegionBench();
    const recorded = bench.owners.report.bind(bench.owners);
    bench.owners.report = (shard, losses) =>
      shard === 0 ? Promise.reject(new Error('no owner')) : recorded(shard, losses);
    lose(bench, T1, T2);
    await pass(bench.clock, 1_000, 100);
    expect(bench.owners.lost).toEqual([`1 ${T2}#1 lost`]);
    bench.coordinator.stop();
  });

  test('a coordinator that lost its region reports nothing more', async () => {
    const bench = new RegionBench();
    bench.owners.away = 3;
    lose(bench, T1);
    await turns();
    bench.coordinator.stop();
    await pass(bench.clock, 60_000, 1_000);
    expect(bench.owners.lost).toEqual([]);
  });

  test('C5: waits for the lease', async () => {
    const bench = new RegionBench();
    bench.lease = false;
    lose(bench, T1);
    await pass(bench.clock, 1_000, 100);
    expect(bench.owners.tried).toBe(0);
    bench.lease = true;
    await pass(bench.clock, 5_000, 100);
    expect(bench.owners.lost).toEqual([`0 ${T1}#1 lost`]);
  });
});

describe('members', () => {
  test('C3: a swarm over the limit is told so, gets no work, and is let in when there is room', async () => {
    const bench = new RegionBench({ maxSwarms: 1 });
    const { swarms, clock, coordinator } = bench;
    coordinator.observe(heartbeat());
    coordinator.observe(heartbeat({ swarmId: 'b', instance: 'ib' }));
    expect(swarms.dismissed).toEqual([
      expect.stringMatching(/^b ib: region eu-west has its 1 swarms \(MAX_SWARMS_PER_REGION\)/),
    ]);
    expect(await bench.send(T1, 1, { swarmId: 'b' })).toMatchObject({ outcome: 'refused' });
    clock.advance(10_000);
    coordinator.tick();
    coordinator.observe(heartbeat({ swarmId: 'b', seq: 2 }));
    expect(await bench.send(T1, 2, { swarmId: 'b' })).toMatchObject({ outcome: 'accepted' });
  });
});

describe('controls', () => {
  test('a cancellation and signals go to the swarm', async () => {
    const { swarms, coordinator } = new RegionBench();
    const cancel = {
      ...{ v: 1 as const, kind: 'cancel' as const },
      attempts: [{ taskId: T1, attempt: 1, reason: 'enough' }],
    };
    const signal = {
      ...{ v: 1 as const, kind: 'signal' as const },
      signals: [{ taskId: T1, attempt: 1, signals: [{ name: 'go', payload: null, at: 1 }] }],
    };
    await coordinator.control('a', cancel);
    await coordinator.control('a', signal);
    expect(swarms.controls).toEqual([
      { swarmId: 'a', control: cancel },
      { swarmId: 'a', control: signal },
    ]);
  });

  test('they follow an attempt that was sent elsewhere than its owner knows yet', async () => {
    const bench = new RegionBench();
    const { swarms, placer, coordinator } = bench;
    for (const swarmId of ['a', 'b']) coordinator.observe(heartbeat({ swarmId }));
    swarms.answer = (swarmId) => (swarmId === 'a' ? 'refused' : 'accepted');
    placer.others = ['b'];
    await coordinator.dispatch(request(first(T1)));
    const reason = 'enough';
    const refs = [T1, T2].map((taskId) => ({ taskId, attempt: 1, reason }));
    await coordinator.control('a', { v: 1, kind: 'cancel', attempts: refs });
    expect(swarms.controls.map(({ swarmId, control }) => [swarmId, control])).toEqual([
      ['b', { v: 1, kind: 'cancel', attempts: [refs[0]] }],
      ['a', { v: 1, kind: 'cancel', attempts: [refs[1]] }],
    ]);
  });
});

test('a thousand losses of one shard are few messages, one at a time', async () => {
  const bench = new RegionBench();
  const held = Array.from({ length: 1_200 }, (_, index) => ({
    taskId: `t0-${String(index).padStart(8, '0')}`,
    attempt: 1,
  }));
  let underWay = 0;
  let most = 0;
  const owners = new FakeOwners();
  bench.owners.report = async (shard, losses) => {
    most = Math.max(most, (underWay += 1));
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    return owners.report(shard, losses);
  };
  bench.coordinator.observe(heartbeat({ held }));
  bench.coordinator.observe(heartbeat({ instance: 'i2', sentAt: 1 }));
  await turns(20);
  expect(owners.lost).toHaveLength(1_200);
  expect(owners.tried).toBe(3);
  expect(most).toBe(1);
});
