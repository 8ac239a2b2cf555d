import { MultiswarmError, subjects, DispatchReply, type ReportRequest } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import type { Swarm, SwarmOptions } from '../src';
import { acks, Desk, dispatchOf, recorded } from './desk';
import { gate, testSwarm } from './fixtures';
import { Peer } from './peer';

let nats: TestServer;
let peer: Peer;
let desk: Desk;
const swarms: Swarm[] = [];
const clocks: ManualClock[] = [];
let endOfTest: ReturnType<typeof gate>;

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  endOfTest = gate({ stubborn: true });
  peer = await Peer.connect(nats.url);
  desk = new Desk(peer.bus, 'one');
  await peer.bus.rttMs();
});
afterEach(async () => {
  endOfTest.release();
  const stopped = Promise.all(swarms.splice(0).map((swarm) => swarm.stop()));
  await Promise.all([stopped, ...clocks.splice(0).map((clock) => passTime(clock, stopped))]);
  await peer.close();
});

/** Lets time go on, with pauses in which what is under way arrives, until something has come. */
async function passTime(clock: ManualClock, awaited: Promise<unknown>): Promise<void> {
  let over = false;
  const ended = awaited.finally(() => (over = true));
  await eventually(() => {
    if (!over) clock.advance(500);
    return over;
  });
  await ended;
}

/** Handles `echo` at once and `hold` until its gate is opened. */
async function started(
  options: Partial<SwarmOptions> = {},
): Promise<{ swarm: Swarm; hold: ReturnType<typeof gate> }> {
  const hold = gate();
  const swarm = testSwarm({ servers: nats.url, slots: 4, ...options })
    .handle('echo', (input) => input)
    .handle('hold', hold.handler);
  swarms.push(swarm);
  if (options.clock instanceof ManualClock) clocks.push(options.clock);
  await swarm.start();
  return { swarm, hold };
}

async function dispatch(...args: Parameters<typeof dispatchOf>): Promise<void> {
  const request = dispatchOf(...args);
  await peer.bus.request(subjects.swarmTasks(args[0]), request, { reply: DispatchReply });
}

/** Answers when nobody waits for it any more. */
async function silent(request: ReportRequest): Promise<ReturnType<typeof recorded>> {
  await endOfTest.handler({}, {} as never);
  return recorded(request);
}

const ids = ({ reports }: ReportRequest): string[] => reports.map(({ taskId }) => taskId).sort();

describe('where reports go', () => {
  test('to the replica that the dispatch names, all shards of it in one message', async () => {
    const { swarm } = await started();
    const later = gate({ stubborn: true });
    desk.answers.push(async (request) => {
      await later.handler({}, {} as never);
      return recorded(request);
    });
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000000' }]);
    await desk.request(0);
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000001' }]);
    await dispatch(swarm.id, desk.subject, [{ taskId: 't4-00000001' }], { shard: 4 });
    later.release();
    expect(ids(await desk.request(1))).toEqual(['t3-00000001', 't4-00000001']);
    expect(desk.requests[1]).toMatchObject({ swarmId: swarm.id, region: 'eu-west', fetch: 4 });
  });

  test('with where it was placed before the result, when a coordinator has picked this swarm', async () => {
    const { swarm } = await started();
    const placement = {
      ...{ swarmId: swarm.id, region: 'eu-west', reservationId: 'r2', costPerSlotHour: 1 },
      receipt: {
        ...{ policy: 'least-loaded', decidedAt: new Date(0).toISOString(), candidates: 2, feasible: 1 },
        ...{ withFreeSlot: 1, rejected: [], ranked: [], because: 'the other one has refused' },
      },
    };
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000003', placement }]);
    const { reports } = await desk.reportOf('t3-00000003');
    expect(reports).toHaveLength(1);
    const upToReport = desk.requests.slice(0, desk.requests.findIndex((each) => each.reports.length > 0) + 1);
    expect(upToReport.flatMap(({ outcomes }) => outcomes)).toEqual([
      { taskId: 't3-00000003', attempt: 1, outcome: 'accepted', placement },
    ]);
  });

  test('to the subject of the shard where the dispatch names none', async () => {
    const { swarm } = await started();
    await dispatch(swarm.id, undefined, [{ taskId: 't3-00000002' }]);
    await peer.report('t3-00000002');
    expect(desk.requests).toEqual([]);
  });

  test('to the subject of the shard when the replica does not own it any more, until a dispatch names one again', async () => {
    const { swarm } = await started();
    desk.answers.push((request) => ({ v: 1, acks: acks(request, 'moved'), next: [] }));
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000003' }]);
    await peer.report('t3-00000003');
    const other = new Desk(peer.bus, 'two');
    await peer.bus.rttMs();
    await dispatch(swarm.id, other.subject, [{ taskId: 't3-00000004' }], { epoch: 2 });
    await other.reportOf('t3-00000004');
    // A straggler of the owner before teaches nothing.
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000005' }], { epoch: 1 });
    await dispatch(swarm.id, other.subject, [{ taskId: 't3-00000006' }], { epoch: 2 });
    await other.reportOf('t3-00000006');
    expect(desk.requests).toHaveLength(1);
  });

  test('to the subject of the shard when nobody listens at the replica', async () => {
    const { swarm } = await started();
    await dispatch(swarm.id, subjects.replicaReport('gone'), [{ taskId: 't3-00000007' }]);
    expect(await peer.report('t3-00000007')).toMatchObject({ outcome: 'succeeded' });
  });

  test('to the replica again as long as all that it says is that Redis is away', async () => {
    const { swarm } = await started();
    const away = (): never => {
      throw new MultiswarmError('store-unavailable', 'Redis does not answer');
    };
    desk.answers.push(away, away, away);
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000009' }]);
    const fourth = await desk.request(3);
    expect(desk.requests.slice(0, 3)).toEqual([fourth, fourth, fourth]);
    expect(peer.reports).toEqual([]);
  });

  test('to the subject of the shard when the replica is silent twice', async () => {
    const clock = new ManualClock();
    const { swarm } = await started({ clock });
    desk.answers.push(silent, silent);
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000008' }]);
    const first = await desk.request(0);
    await passTime(clock, peer.report('t3-00000008'));
    expect(desk.requests).toEqual([first, first]);
  });
});

describe('an answer that brings attempts', () => {
  test('is followed by their reports where they have ended already: that they were accepted goes without saying', async () => {
    const { swarm } = await started();
    const next = ['t3-00000011', 't3-00000012'].map((taskId) => ({ taskId }));
    desk.answers.push((request) => recorded(request, [dispatchOf(swarm.id, desk.subject, next)]));
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000010' }]);
    const second = await desk.request(1);
    expect(second.outcomes).toEqual([]);
    expect(ids(second)).toEqual(['t3-00000011', 't3-00000012']);
  });

  test('is followed at once by the outcomes alone where their handlers still run', async () => {
    const { swarm, hold } = await started({ slots: 1 });
    const next = [
      { taskId: 't3-00000014', type: 'hold' },
      { taskId: 't3-00000015', type: 'echo' },
    ];
    desk.answers.push((request) => recorded(request, [dispatchOf(swarm.id, desk.subject, next)]));
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000013' }]);
    expect(await desk.request(1)).toMatchObject({
      reports: [],
      outcomes: [
        { taskId: 't3-00000014', outcome: 'accepted' },
        { taskId: 't3-00000015', outcome: 'refused', reason: 'no-free-slot' },
      ],
      fetch: 0,
    });
    hold.release();
    expect(await desk.request(2)).toMatchObject({
      reports: [{ taskId: 't3-00000014' }],
      outcomes: [],
      fetch: 1,
    });
  });

  test('that got lost is asked for again with the same message before anything new is said', async () => {
    const clock = new ManualClock();
    const { swarm } = await started({ clock });
    desk.answers.push(silent);
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000016' }]);
    const first = await desk.request(0);
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000017' }]);
    await passTime(clock, desk.request(2));
    expect(desk.requests[1]).toEqual(first);
    expect(ids(desk.requests[2] as ReportRequest)).toEqual(['t3-00000017']);
    expect(desk.requests[2]?.id).not.toBe(first.id);
    expect(first.id).toBeDefined();
  });

  test('that got lost with the connection is asked for again with the same message', async () => {
    const server = await startNats();
    const observer = await Peer.connect(server.url);
    const asked = new Desk(observer.bus, 'one');
    const { swarm } = await started({ servers: server.url });
    try {
      asked.answers.push(silent);
      const request = dispatchOf(swarm.id, asked.subject, [{ taskId: 't3-00000018' }]);
      await observer.bus.request(subjects.swarmTasks(swarm.id), request, { reply: DispatchReply });
      const first = await asked.request(0);
      await server.restart();
      // The replica may come back later than the swarm: then nobody listens, and the shard is told instead.
      await eventually(() => asked.requests.length > 1 || observer.reports.length > 0);
      expect(asked.requests[1] ?? first).toEqual(first);
    } finally {
      endOfTest.release();
      await swarm.stop();
      await observer.close();
      await server.stop();
    }
  });

  test('is no longer asked for when the swarm takes nothing new', async () => {
    const { swarm, hold } = await started();
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000020', type: 'hold' }]);
    await hold.entered;
    await peer.control(swarm.id, { kind: 'cordon', reason: 'maintenance' });
    hold.release();
    expect(await desk.request(0)).toMatchObject({ reports: [{ taskId: 't3-00000020' }], fetch: 0 });
    await peer.control(swarm.id, { kind: 'uncordon', reason: 'done' });
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000021' }]);
    expect(await desk.request(1)).toMatchObject({ reports: [{ taskId: 't3-00000021' }], fetch: 4 });
  });

  test('offers a slot to one replica at a time', async () => {
    const other = new Desk(peer.bus, 'two');
    await peer.bus.rttMs();
    const { swarm } = await started({ slots: 2 });
    const held = gate({ stubborn: true });
    desk.answers.push(async (request) => {
      await held.handler({}, {} as never);
      return recorded(request);
    });
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000022' }]);
    expect(await desk.request(0)).toMatchObject({ fetch: 2 });
    await dispatch(swarm.id, other.subject, [{ taskId: 't4-00000022' }], { shard: 4 });
    expect(await other.request(0)).toMatchObject({ fetch: 1 });
    held.release();
  });

  test('that comes while the swarm drains is refused, and the refusal is told before it goes', async () => {
    const { swarm } = await started();
    const draining = gate({ stubborn: true });
    desk.answers.push(async (request) => {
      await draining.handler({}, {} as never);
      return recorded(request, [dispatchOf(swarm.id, desk.subject, [{ taskId: 't3-00000024' }])]);
    });
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000023' }]);
    await desk.request(0);
    const drained = swarm.drain();
    await eventually(() => swarm.state === 'draining');
    draining.release();
    await drained;
    expect(desk.requests[1]?.outcomes).toEqual([
      { taskId: 't3-00000024', attempt: 1, outcome: 'refused', reason: 'draining' },
    ]);
  });
});

describe('a report that its receiver cannot read', () => {
  test('does not hold up the others, nor what comes after it', async () => {
    const { swarm } = await started();
    const unreadable = 't3-00000031';
    const reading = (request: ReportRequest): ReturnType<typeof recorded> => {
      if (ids(request).includes(unreadable)) throw new MultiswarmError('invalid-request', 'what is this?');
      return recorded(request);
    };
    desk.answers.push(...Array.from({ length: 20 }, () => reading));
    const attempts = ['t3-00000030', unreadable, 't3-00000032'].map((taskId) => ({ taskId }));
    await dispatch(swarm.id, desk.subject, attempts);
    await eventually(async () => (await peer.cancel(swarm.id, unreadable, '')).held.length === 1);
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000033' }]);
    await desk.reportOf('t3-00000033');
    expect(desk.requests.map(ids).filter((each) => each.includes(unreadable))).toEqual([
      ['t3-00000030', unreadable, 't3-00000032'],
      [unreadable],
    ]);
    await eventually(async () => {
      const { held } = await peer.cancel(swarm.id, unreadable, '');
      return held.length === 1 && held[0]?.taskId === unreadable;
    });
  });
});

describe('progress', () => {
  test('travels with the report that follows it', async () => {
    const { swarm } = await started();
    swarm.handle('steps', (_input, ctx) => {
      ctx.progress(0.25, 'began');
      ctx.progress(0.5);
      ctx.progress(1, 'done');
      return 'ok';
    });
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000040', type: 'steps' }]);
    const request = await desk.reportOf('t3-00000040');
    // The newest of those that wait for a message is all that counts.
    expect(request.progress).toEqual([
      {
        taskId: 't3-00000040',
        attempt: 1,
        progress: { fraction: 1, message: 'done', at: expect.any(Number) },
      },
    ]);
  });

  test('is sent while the handler runs, also where nothing else is to be said', async () => {
    const { swarm } = await started();
    const end = gate();
    swarm.handle('steps', async (input, ctx) => {
      ctx.progress(0.25, 'began');
      return end.handler(input, ctx);
    });
    await dispatch(swarm.id, desk.subject, [{ taskId: 't3-00000041', type: 'steps' }]);
    expect(await desk.request(0)).toMatchObject({
      reports: [],
      progress: [{ taskId: 't3-00000041', progress: { fraction: 0.25, message: 'began' } }],
      fetch: 0,
    });
    end.release();
    await desk.reportOf('t3-00000041');
  });
});
