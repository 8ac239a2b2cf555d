import { MultiswarmError, type DispatchOutcome } from '@multiswarm/contracts';
import { turns } from '@multiswarm/testing';
import { heartbeat } from '../../test/support/builders';
import { first, RegionBench, request } from '../../test/support/region';
import { Routes } from './coordinator-routes';

const T1 = 't0-00000001';
const T2 = 't0-00000002';
const NOBODY = new MultiswarmError('swarm-not-found', 'nobody listens');
const TIMEOUT = new MultiswarmError('timeout', 'no answer');

/** A region of swarms `a` to `d`, of which the load-balancer knows all but `a`. */
function region(given: ConstructorParameters<typeof RegionBench>[0] = {}): RegionBench {
  const bench = new RegionBench(given);
  for (const swarmId of ['a', 'b', 'c', 'd']) bench.coordinator.observe(heartbeat({ swarmId }));
  bench.placer.others = ['b', 'c', 'd'];
  return bench;
}

const refusing =
  (...refusers: string[]) =>
  (swarmId: string) =>
    refusers.includes(swarmId) ? ({ refused: 'no-free-slot' } as const) : ('accepted' as const);

describe('a refusal', () => {
  test('is answered by another swarm of the region, under the same number, and the owner learns which', async () => {
    const bench = region({ epoch: 1 });
    bench.swarms.answer = refusing('a');
    expect(await bench.send(T1, 3)).toEqual({
      ...{ taskId: T1, attempt: 3, outcome: 'accepted' },
      placement: expect.objectContaining({ swarmId: 'b', region: 'eu-west', reservationId: 're1' }),
    });
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#3`, `b ${T1}#3`]);
    expect(bench.swarms.requests[1]?.request).toMatchObject({
      ...{ shard: 0, epoch: 1, regionEpoch: 1, reportTo: 'reports.of.owner' },
      attempts: [{ taskId: T1, attempt: 3, swarmId: 'b', placement: { reservationId: 're1' } }],
    });
    expect(bench.swarms.requests[0]?.request.attempts[0]?.placement).toBeUndefined();
    expect(bench.placer.givenBack).toEqual([]);
  });

  test('asks the load-balancer for this region alone, without those that have refused', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a', 'b');
    await bench.send(T1);
    expect(bench.placer.asked.map(({ epoch, region: of }) => [epoch, of])).toEqual([
      [1, 'eu-west'],
      [1, 'eu-west'],
    ]);
    expect(bench.placer.asked.flatMap(({ items }) => items)).toMatchObject([
      {
        ...{ key: T1, attempt: 1, type: 'build', namespace: 'default', avoid: ['a'] },
        requirements: { capabilities: ['gpu'], region: ['eu-west'] },
      },
      { key: T1, avoid: ['a', 'b'] },
    ]);
  });

  test('asks with the wishes of the task, which no swarm is told; it has waited for its region already', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a');
    const apart = { from: 'swarm', must: false } as const;
    const routing = { near: 'us-east', localityWaitMs: 500, affinity: 'customer:1', apart };
    await bench.send(T1, 1, { routing, group: 'default/w1', workflowId: 'w1' });
    const [asked] = bench.placer.asked.flatMap(({ items }) => items);
    expect(asked?.routing).toEqual({ near: 'us-east', affinity: 'customer:1', apart, group: 'w1' });
    for (const { request: sent } of bench.swarms.requests)
      expect(sent.attempts[0]).toMatchObject({ routing: undefined, group: 'default/w1' });
  });

  test('by three swarms goes back to the owner, and every reservation that was taken is given back', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a', 'b', 'c', 'd');
    expect(await bench.send(T1)).toEqual({
      ...{ taskId: T1, attempt: 1, outcome: 'refused', reason: 'no-free-slot' },
      refusedBy: ['a', 'b', 'c'],
    });
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`, `b ${T1}#1`, `c ${T1}#1`]);
    expect(bench.placer.givenBack).toEqual(['re1 b refused', 're2 c refused']);
  });

  test.each([
    ['there is none', undefined],
    ['it finds only who has refused', { swarmId: 'a' }],
    ['it finds another region', { swarmId: 'x', region: 'us-east' }],
  ])('goes back to the owner when the load-balancer is asked for another and %s', async (_name, chosen) => {
    const bench = region();
    bench.swarms.answer = refusing('a');
    bench.placer.choose = () => chosen;
    expect(await bench.send(T1)).toMatchObject({ outcome: 'refused', reason: 'no-free-slot' });
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`]);
    expect(bench.placer.givenBack).toEqual(chosen ? [`re1 ${chosen.swarmId} unused`] : []);
  });

  test('goes back to the owner when the load-balancer does not answer', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a');
    bench.placer.place = () => Promise.reject(TIMEOUT);
    expect(await bench.send(T1)).toMatchObject({ outcome: 'refused' });
  });

  test.each(['stale-attempt', 'stale-epoch', 'not-received', 'other-process', 'other-shard'])(
    'because of a %s is the last word',
    async (reason) => {
      const bench = region();
      bench.swarms.answer = (swarmId) => (swarmId === 'a' ? { refused: reason } : 'accepted');
      expect(await bench.send(T1)).toMatchObject({ outcome: 'refused', reason });
      expect(bench.placer.asked).toEqual([]);
    },
  );

  test('of one attempt of a message leaves the others of it where they are', async () => {
    const bench = region();
    bench.swarms.answer = (swarmId, taskId) => (swarmId === 'a' && taskId === T2 ? 'refused' : 'accepted');
    const outcomes = await bench.coordinator.dispatch(request(first(T1), first(T2)));
    expect(outcomes).toEqual([
      { taskId: T1, attempt: 1, outcome: 'accepted' },
      { ...{ taskId: T2, attempt: 1, outcome: 'accepted' }, placement: expect.anything() },
    ]);
  });
});

describe('D7: the retry budget', () => {
  const ids = (count: number) => Array.from({ length: count }, (_, n) => `t0-0000001${n}`);

  test('only a few of many that are refused go to another swarm; the others go back, and what is over is room for more', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a');
    const send = () => bench.coordinator.dispatch(request(...ids(8).map((taskId) => first(taskId))));
    const outcomes = (await send()).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(5);
    expect(await bench.send(T2)).toMatchObject({ outcome: 'accepted', placement: { swarmId: 'b' } });
  });

  test('a fifth of what the region has under way may', async () => {
    const bench = region();
    const held = Array.from({ length: 40 }, (_, n) => ({ taskId: `t0-000001${n}`, attempt: 1 }));
    bench.coordinator.observe(heartbeat({ swarmId: 'd', seq: 9, slots: 100, held }));
    bench.swarms.answer = refusing('a');
    const outcomes = await bench.coordinator.dispatch(request(...ids(10).map((taskId) => first(taskId))));
    // Those 40, and the 10 that are on their way.
    expect(outcomes.filter(({ outcome }) => outcome === 'accepted').length).toBeGreaterThanOrEqual(8);
  });
});

describe('D1: silence is no refusal', () => {
  test('a swarm that nobody listens for, or that is not here, cannot have begun: another is asked', async () => {
    const bench = region();
    bench.swarms.answer = (swarmId) => (swarmId === 'a' ? NOBODY : 'accepted');
    expect(await bench.send(T1)).toMatchObject({ outcome: 'accepted', placement: { swarmId: 'b' } });
    expect(await bench.send(T2, 1, { swarmId: 'stranger' })).toMatchObject({
      ...{ outcome: 'accepted', placement: { swarmId: 'b' } },
    });
  });

  test.each([
    ['does not answer', TIMEOUT],
    ['is cut off while it is asked', new MultiswarmError('bus-unavailable', 'the connection was lost')],
  ])('a swarm that %s may have begun: no other is asked', async (_name, fault) => {
    const bench = region();
    bench.swarms.answer = () => fault;
    expect(await bench.send(T1)).toMatchObject({ outcome: 'unreachable' });
    expect(bench.placer.asked).toEqual([]);
    expect(bench.coordinator.summary().held).toEqual([]);
  });

  test('a second swarm that does not answer is where it ends, and its reservation is given back once', async () => {
    const bench = region();
    bench.swarms.answer = (swarmId) => (swarmId === 'a' ? 'refused' : TIMEOUT);
    const outcome = { outcome: 'unreachable', placement: { swarmId: 'b' } };
    expect(await bench.send(T1)).toMatchObject(outcome);
    expect(await bench.send(T1)).toMatchObject(outcome);
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`, `b ${T1}#1`]);
    expect(bench.placer.givenBack).toEqual(['re1 b lost']);
  });

  test('an attempt that an answer does not name may have begun', async () => {
    const bench = region();
    bench.swarms.dispatch = () => Promise.resolve([]);
    expect(await bench.send(T1)).toMatchObject({ outcome: 'unreachable' });
  });
});

describe('D2: only the coordinator to which it was sent first offers it, and picks other swarms', () => {
  const again = (bench: RegionBench): (boolean | undefined)[] =>
    bench.swarms.requests.flatMap(({ request: sent }) => sent.attempts.map((each) => each.again));

  test.each([
    ['that was sent before', first(T1, 1, { again: true }), 2],
    ['that was sent first to an earlier coordinator', first(T1), 1],
    ['that was sent first to a later coordinator', first(T1), 3],
  ])(
    'of an attempt %s it asks, and a refusal goes back to the owner',
    async (_name, attempt, regionEpoch) => {
      const bench = region({ epoch: 2 });
      bench.swarms.answer = refusing('a');
      const [outcome] = await bench.coordinator.dispatch({ ...request(attempt), regionEpoch });
      expect(outcome).toMatchObject({ outcome: 'refused' });
      expect(bench.placer.asked).toEqual([]);
      expect(again(bench)).toEqual([true]);
    },
  );

  test('an attempt of an owner that knows of no coordinator is offered, but not to others', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a');
    const { regionEpoch: _unknown, ...sent } = request(first(T1));
    expect(await bench.coordinator.dispatch(sent)).toMatchObject([{ outcome: 'refused' }]);
    expect(bench.placer.asked).toEqual([]);
    expect(again(bench)).toEqual([undefined]);
  });

  test('what one swarm has refused is offered to the next', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a');
    await bench.send(T1);
    expect(again(bench)).toEqual([undefined, undefined]);
  });

  test('a lease that ran out while others were looked for ends the search', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a');
    const { place } = bench.placer;
    bench.placer.place = (...asked) => {
      bench.lease = false;
      return place.apply(bench.placer, asked);
    };
    expect(await bench.send(T1)).toMatchObject({ outcome: 'refused' });
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`]);
    expect(bench.placer.givenBack).toEqual(['re1 b unused']);
  });
});

describe('D3: a repetition', () => {
  test('goes where the attempt went, with the same answer', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a');
    const answer = await bench.send(T1);
    expect(await bench.send(T1)).toEqual(answer);
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`, `b ${T1}#1`, `b ${T1}#1`]);
    expect(bench.placer.asked).toHaveLength(1);
  });

  test('of what everybody has refused asks nobody again', async () => {
    const bench = region();
    bench.swarms.answer = refusing('a', 'b', 'c', 'd');
    const answer = await bench.send(T1);
    bench.swarms.answer = () => 'accepted';
    expect(await bench.send(T1)).toEqual(answer);
    expect(bench.swarms.dispatched).toHaveLength(3);
  });

  test('meets the first one under way, and gets the same answer', async () => {
    const bench = region();
    let decide: (verdict: 'refused') => void = () => undefined;
    bench.swarms.answer = (swarmId) =>
      swarmId === 'a' ? new Promise((resolve) => (decide = resolve)) : 'accepted';
    const answers: Promise<DispatchOutcome | undefined>[] = [bench.send(T1)];
    await turns();
    answers.push(bench.send(T1));
    decide('refused');
    const [one, two] = await Promise.all(answers);
    expect(one).toMatchObject({ outcome: 'accepted', placement: { swarmId: 'b' } });
    expect(two).toEqual(one);
    expect(bench.swarms.dispatched).toEqual([`a ${T1}#1`, `b ${T1}#1`]);
  });

  test('is a question to the process that now answers for a swarm that was silent', async () => {
    const bench = region();
    bench.swarms.answer = () => TIMEOUT;
    await bench.send(T1);
    bench.coordinator.observe(heartbeat({ instance: 'i2', sentAt: 5 }));
    bench.swarms.answer = (swarmId) => (swarmId === 'a' ? { refused: 'not-received' } : 'accepted');
    expect(await bench.send(T1)).toMatchObject({ outcome: 'refused', reason: 'not-received' });
    expect(
      bench.swarms.requests.map(({ request: { instance, attempts } }) => [instance, attempts[0]?.again]),
    ).toEqual([
      ['i1', undefined],
      ['i2', true],
    ]);
    expect(bench.placer.asked).toEqual([]);
  });

  test('to a swarm for which nobody listens now, but which may have begun, is unreachable', async () => {
    const bench = region();
    bench.swarms.answer = () => TIMEOUT;
    await bench.send(T1);
    bench.swarms.answer = (swarmId) => (swarmId === 'a' ? NOBODY : 'accepted');
    expect(await bench.send(T1)).toMatchObject({ outcome: 'unreachable' });
    expect(bench.placer.asked).toEqual([]);
  });

  test('that the same process refuses has never begun there: another is asked', async () => {
    const bench = region();
    bench.swarms.answer = () => TIMEOUT;
    await bench.send(T1);
    bench.swarms.answer = refusing('a');
    expect(await bench.send(T1)).toMatchObject({ outcome: 'accepted', placement: { swarmId: 'b' } });
  });
});

describe('D5: memory is bounded', () => {
  const ref = (taskId: string) => ({ taskId, attempt: 1, swarmId: 'a' });

  test('where an attempt went is forgotten when its owner does not repeat it any more', () => {
    const routes = new Routes(1_000);
    routes.of(ref(T1), 0);
    routes.of(ref(T2), 500);
    routes.prune(1_000);
    expect(routes.find(ref(T1))).toBeDefined();
    routes.prune(1_001);
    expect([routes.find(ref(T1)), routes.find(ref(T2))?.swarmId]).toEqual([undefined, 'a']);
    expect(routes.hasForgotten(1_001)).toBe(false);
  });

  test('what had to be forgotten earlier makes it known, until it would have been forgotten anyway', () => {
    const routes = new Routes(1_000, 1);
    routes.of(ref(T1), 0);
    routes.of(ref(T2), 100);
    expect(routes.find(ref(T1))).toBeUndefined();
    expect([routes.hasForgotten(999), routes.hasForgotten(1_000)]).toEqual([true, false]);
  });
});

test.each([
  ['listed', false],
  ['accepted and did not list yet', true],
])('D6: what a swarm %s when it was lost is sent to nobody any more', async (_name, isSent) => {
  const bench = region();
  if (isSent) await bench.send(T1);
  else bench.coordinator.observe(heartbeat({ seq: 2, held: [{ taskId: T1, attempt: 1 }] }));
  bench.coordinator.observe(heartbeat({ instance: 'i2', sentAt: 5 }));
  expect(await bench.send(T1)).toMatchObject({
    ...{ outcome: 'unreachable', reason: 'swarm a: the swarm was restarted' },
  });
  expect(bench.swarms.requests).toHaveLength(isSent ? 1 : 0);
});

test('D4, D6: an attempt that is lost while another swarm is asked is lost, and the reservation given back once', async () => {
  const bench = region();
  bench.swarms.answer = (swarmId) => {
    if (swarmId === 'a') return 'refused';
    bench.coordinator.observe(heartbeat({ swarmId: 'b', instance: 'i2', sentAt: 5 }));
    return 'accepted';
  };
  expect(await bench.send(T1)).toMatchObject({ outcome: 'unreachable' });
  expect(bench.placer.givenBack).toEqual(['re1 b lost']);
});
