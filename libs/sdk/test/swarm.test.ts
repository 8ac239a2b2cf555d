import { PassThrough } from 'node:stream';
import { LIMITS, subjects } from '@multiswarm/contracts';
import { createLogger } from '@multiswarm/telemetry';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { z } from 'zod';
import { defineTask, NonRetryableError, type Swarm, type SwarmOptions } from '../src';
import { gate, testSwarm } from './fixtures';
import { Peer, TRACEPARENT } from './peer';

let nats: TestServer;
let peer: Peer;
const swarms: Swarm[] = [];

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  peer = await Peer.connect(nats.url);
});
afterEach(async () => {
  await Promise.all(swarms.splice(0).map((swarm) => swarm.stop()));
  await peer.close();
});

function newSwarm(options: Partial<SwarmOptions> = {}): Swarm {
  const swarm = testSwarm({ servers: nats.url, ...options });
  swarms.push(swarm);
  return swarm;
}

const add = defineTask({
  type: 'add',
  input: z.object({ a: z.number(), b: z.number() }),
  output: z.object({ sum: z.number() }),
});

describe('a swarm that runs attempts', () => {
  test('runs what is dispatched to it and reports the output to the owner of the shard', async () => {
    const swarm = newSwarm().handle(add, ({ a, b }, ctx) => {
      ctx.usage({ inputTokens: 3 });
      ctx.usage({ inputTokens: 4, outputTokens: 1 });
      return { sum: a + b };
    });
    await swarm.start();
    const sent = { taskId: 't3-00000001', type: 'add', input: { a: 2, b: 3 } };
    expect(await peer.dispatch(swarm.id, sent)).toMatchObject({ outcome: 'accepted' });
    expect(await peer.report('t3-00000001')).toMatchObject({
      outcome: 'succeeded',
      output: { sum: 5 },
      usage: { inputTokens: 7, outputTokens: 1 },
    });
  });

  test('runs an attempt once, however often it is dispatched, also after it is over', async () => {
    const held = gate();
    const swarm = newSwarm().handle('echo', held.handler);
    await swarm.start();
    const first = await peer.dispatch(swarm.id, { taskId: 't3-00000002' });
    const second = await peer.dispatch(swarm.id, { taskId: 't3-00000002' });
    await held.entered;
    held.release();
    await peer.report('t3-00000002');
    const third = await peer.dispatch(swarm.id, { taskId: 't3-00000002' });
    expect([first, second, third].map(({ outcome }) => outcome)).toEqual([
      'accepted',
      'accepted',
      'accepted',
    ]);
    expect(held.runs()).toBe(1);
  });

  test('repeats its refusal of a number, and takes the next number once there is a free slot', async () => {
    const held = gate();
    const swarm = newSwarm({ slots: 1 })
      .handle('echo', held.handler)
      .handle('quick', () => 'ok');
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000003' });
    const refusal = { outcome: 'refused', reason: 'no-free-slot' };
    expect(await peer.dispatch(swarm.id, { taskId: 't3-00000004', type: 'quick' })).toMatchObject(refusal);
    held.release();
    await peer.report('t3-00000003');
    expect(await peer.dispatch(swarm.id, { taskId: 't3-00000004', type: 'quick' })).toMatchObject(refusal);
    const next = await peer.dispatch(swarm.id, { taskId: 't3-00000004', type: 'quick', attempt: 2 });
    expect(next.outcome).toBe('accepted');
    expect(await peer.report('t3-00000004', 2)).toMatchObject({ outcome: 'succeeded', output: 'ok' });
  });

  test('refuses a type without a handler, and takes it with a handler for every type', async () => {
    const picky = newSwarm().handle('echo', (input) => input);
    const open = newSwarm().handle('*', (_input, { task }) => task.type);
    await Promise.all([picky.start(), open.start()]);
    expect(await peer.dispatch(picky.id, { taskId: 't3-00000005', type: 'other' })).toMatchObject({
      reason: 'unknown-type',
    });
    await peer.dispatch(open.id, { taskId: 't3-00000005', type: 'other' });
    expect(await peer.report('t3-00000005')).toMatchObject({ output: 'other' });
  });

  test('reports an input that does not fit its schema as failed for good, without calling the handler', async () => {
    const handler = jest.fn(() => ({ sum: 0 }));
    const swarm = newSwarm().handle(add, handler);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000006', type: 'add', input: { a: 'two', b: 3 } });
    expect(await peer.report('t3-00000006')).toMatchObject({
      outcome: 'failed',
      error: { code: 'invalid-request', retryable: false, message: expect.stringContaining('/a') as string },
    });
    expect(handler).not.toHaveBeenCalled();
  });

  test('reports an output that breaks its promise as failed for good', async () => {
    const swarm = newSwarm().handle(add, () => ({ sum: 'five' }) as never);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000007', type: 'add', input: { a: 1, b: 1 } });
    expect(await peer.report('t3-00000007')).toMatchObject({
      outcome: 'failed',
      error: { code: 'invalid-request', retryable: false },
    });
  });

  test('reports what a handler throws with the code that it names', async () => {
    const swarm = newSwarm().handle('echo', () => {
      throw new NonRetryableError('no-such-file', 'it is gone');
    });
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000009' });
    expect((await peer.report('t3-00000009')).error).toEqual({
      code: 'no-such-file',
      message: 'it is gone',
      retryable: false,
    });
  });

  test('delivers many large outputs although they do not fit into one message', async () => {
    const swarm = newSwarm({ slots: 8 }).handle('echo', () => 'x'.repeat(LIMITS.TASK_OUTPUT_BYTES - 2));
    await swarm.start();
    const ids = Array.from({ length: 8 }, (_, index) => `t3-0000010${index}`);
    await Promise.all(ids.map((taskId) => peer.dispatch(swarm.id, { taskId })));
    for (const id of ids) expect((await peer.report(id)).outcome).toBe('succeeded');
  });

  test('writes the trace id of the task into its logs and passes it on', async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    stream.on('data', (line: Buffer) => lines.push(line.toString()));
    const swarm = newSwarm({ logger: createLogger({ service: 'swarm', level: 'info', stream }) }).handle(
      'echo',
      (_input, ctx) => {
        ctx.log.info('working');
        return ctx.traceparent;
      },
    );
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000011' });
    expect((await peer.report('t3-00000011')).output).toBe(TRACEPARENT);
    const about = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ taskId }) => taskId === 't3-00000011');
    expect(about.map(({ message, traceId }) => [message, traceId])).toEqual([
      ['working', TRACEPARENT.split('-')[1]],
      ['attempt ended', TRACEPARENT.split('-')[1]],
    ]);
  });
});

describe('a swarm that is told to stop an attempt', () => {
  test('aborts the handler on cancel and reports it as cancelled', async () => {
    const held = gate();
    const swarm = newSwarm().handle('echo', held.handler);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000020' });
    const { signal } = await held.entered;
    const reply = await peer.cancel(swarm.id, 't3-00000020', 'not needed any more');
    expect(reply.held).toEqual([{ taskId: 't3-00000020', attempt: 1 }]);
    expect(await peer.report('t3-00000020')).toMatchObject({
      outcome: 'cancelled',
      error: { code: 'cancelled' },
    });
    expect((signal.reason as Error).message).toBe('not needed any more');
  });

  test('aborts the older attempt of a task when a newer one comes', async () => {
    const held = gate();
    const swarm = newSwarm().handle('echo', (input, ctx) =>
      ctx.task.attempt === 1 ? held.handler(input, ctx) : 'second',
    );
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000021' });
    await held.entered;
    await peer.dispatch(swarm.id, { taskId: 't3-00000021', attempt: 2 });
    expect(await peer.report('t3-00000021', 2)).toMatchObject({ outcome: 'succeeded', output: 'second' });
    expect(await peer.report('t3-00000021', 1)).toMatchObject({ outcome: 'cancelled' });
    await eventually(async () => (await peer.cancel(swarm.id, 't3-00000021', '')).held.length === 0);
    expect(await peer.dispatch(swarm.id, { taskId: 't3-00000021', attempt: 1 })).toMatchObject({
      reason: 'stale-attempt',
    });
  });

  test('reports a stubborn handler as timed out, and keeps its slot taken until it really ends', async () => {
    const held = gate({ stubborn: true });
    const swarm = newSwarm({ slots: 1 }).handle('echo', held.handler);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000022', startToCloseMs: 250 });
    expect(await peer.report('t3-00000022')).toMatchObject({
      outcome: 'timed-out',
      error: { code: 'attempt-timeout', retryable: true },
    });
    expect(await peer.dispatch(swarm.id, { taskId: 't3-00000023' })).toMatchObject({
      reason: 'no-free-slot',
    });
    const { seq } = await eventually(() => peer.beatOf(swarm.id));
    peer.bus.publish(subjects.census(), {});
    const later = await eventually(() =>
      peer.heartbeats.find((beat) => beat.swarmId === swarm.id && beat.seq > seq),
    );
    expect(later.held).toEqual([{ taskId: 't3-00000022', attempt: 1 }]);
    held.release();
    await eventually(() => peer.beatOf(swarm.id)?.held.length === 0);
    expect(await peer.dispatch(swarm.id, { taskId: 't3-00000024' })).toMatchObject({ outcome: 'accepted' });
  });

  test('refuses an older epoch of a shard', async () => {
    const swarm = newSwarm().handle('echo', (input) => input);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000025' }, 7);
    expect(await peer.dispatch(swarm.id, { taskId: 't3-00000026' }, 6)).toMatchObject({
      outcome: 'refused',
      reason: 'stale-epoch',
    });
    // Neither does anybody get past the epochs of a shard by speaking for another one.
    for (const taskId of ['t30-00000027', 't4-00000028', 'w3-00000029', '__proto__'])
      expect(await peer.dispatch(swarm.id, { taskId }, 7)).toMatchObject({
        outcome: 'refused',
        reason: 'other-shard',
      });
    expect((await peer.dispatch(swarm.id, { taskId: 't3-00000030' }, 7)).outcome).toBe('accepted');
  });
});

describe('reports', () => {
  test('are repeated until they are acknowledged, and the attempt is held until then', async () => {
    peer.ignoreReports = Number.POSITIVE_INFINITY;
    const swarm = newSwarm().handle('echo', () => 1);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000030' });
    await eventually(() => peer.beatOf(swarm.id)?.held.length === 1 && peer.reportRequests > 2);
    peer.ignoreReports = 0;
    await peer.report('t3-00000030');
    await eventually(() => peer.beatOf(swarm.id)?.held.length === 0);
    expect(peer.reports).toHaveLength(1);
  });

  test('survive a restart of the NATS server during which the attempt ends', async () => {
    const server = await startNats();
    const observer = await Peer.connect(server.url);
    const held = gate();
    const swarm = newSwarm({ servers: server.url, heartbeatMs: 60_000 }).handle('echo', held.handler);
    try {
      await swarm.start();
      await observer.dispatch(swarm.id, { taskId: 't3-00000031' });
      await held.entered;
      await server.kill('SIGKILL');
      await eventually(() => !observer.bus.connected);
      held.release();
      const beatsBefore = observer.heartbeats.length;
      await server.restart();
      expect(await observer.report('t3-00000031')).toMatchObject({
        outcome: 'succeeded',
        output: 'released',
      });
      await eventually(() => observer.heartbeats.length > beatsBefore, {
        describe: 'a heartbeat soon after the reconnect',
      });
      expect(held.runs()).toBe(1);
      expect(await observer.dispatch(swarm.id, { taskId: 't3-00000031' })).toMatchObject({
        outcome: 'accepted',
      });
    } finally {
      await swarm.stop();
      await observer.close();
      await server.stop();
    }
  });
});

describe('heartbeats', () => {
  test('say at once what the swarm is, and again when somebody takes a census', async () => {
    const swarm = newSwarm({ capabilities: ['llm'], costPerHour: 2.4, heartbeatMs: 60_000 }).handle(
      add,
      () => ({ sum: 0 }),
    );
    await swarm.start();
    const first = await eventually(() => peer.beatOf(swarm.id));
    expect(first).toMatchObject({
      swarmId: swarm.id,
      region: 'eu-west',
      slots: 2,
      types: ['add'],
      capabilities: ['llm'],
      costPerHour: 2.4,
      state: 'ready',
      seq: 0,
    });
    peer.bus.publish(subjects.census(), {});
    await eventually(() => (peer.beatOf(swarm.id)?.seq ?? 0) > 0);
    expect(peer.beatOf(swarm.id)?.instance).toBe(first.instance);
  });

  test('say what is held and which resources are used soon after a slot was taken', async () => {
    const held = gate();
    const swarm = newSwarm({ resources: { cpu: 4 }, heartbeatMs: 60_000 }).handle('echo', held.handler);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000040', resources: { cpu: 3 } });
    await eventually(() => peer.beatOf(swarm.id)?.held.length === 1);
    expect(peer.beatOf(swarm.id)?.resourcesUsed).toEqual({ cpu: 3 });
    held.release();
    await eventually(() => peer.beatOf(swarm.id)?.held.length === 0);
    expect(peer.beatOf(swarm.id)?.resourcesUsed).toEqual({});
  });
});

describe('a swarm that is told to take nothing new', () => {
  test.each([
    ['cordon', 'cordoned'],
    ['drain', 'draining'],
  ] as const)(
    'by %s refuses it, goes on with what runs, and takes work again afterwards',
    async (kind, state) => {
      const held = gate();
      const states: string[] = [];
      const swarm = newSwarm({ heartbeatMs: 60_000 })
        .handle('echo', held.handler)
        .handle('quick', () => 'ok');
      swarm.onStateChange((next) => states.push(next));
      await swarm.start();
      await peer.dispatch(swarm.id, { taskId: 't3-00000060' });
      await held.entered;
      const reply = await peer.control(swarm.id, { kind, reason: 'maintenance' });
      expect(reply.held).toEqual([{ taskId: 't3-00000060', attempt: 1 }]);
      await eventually(() => peer.beatOf(swarm.id)?.state === state);
      const sent = { taskId: 't3-00000061', type: 'quick' };
      expect(await peer.dispatch(swarm.id, sent)).toMatchObject({ outcome: 'refused', reason: state });
      held.release();
      expect(await peer.report('t3-00000060')).toMatchObject({ outcome: 'succeeded' });
      await peer.control(swarm.id, { kind: 'uncordon', reason: 'done' });
      await eventually(() => peer.beatOf(swarm.id)?.state === 'ready');
      await peer.dispatch(swarm.id, { ...sent, attempt: 2 });
      expect(await peer.report('t3-00000061', 2)).toMatchObject({ output: 'ok' });
      expect(states).toEqual(['ready', state, 'ready']);
    },
  );

  test('stays on its way to its end when it is told to take work again', async () => {
    const held = gate();
    const swarm = newSwarm().handle('echo', held.handler);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000062' });
    await held.entered;
    await peer.control(swarm.id, { kind: 'drain', reason: 'maintenance' });
    const drained = swarm.drain();
    await peer.control(swarm.id, { kind: 'uncordon', reason: 'done' });
    expect(await peer.dispatch(swarm.id, { taskId: 't3-00000063' })).toMatchObject({ reason: 'draining' });
    expect(swarm.state).toBe('draining');
    held.release();
    await drained;
  });
});

describe('a task that is told something', () => {
  test('gets the signals that came with its dispatch and those that come while it runs', async () => {
    const swarm = newSwarm().handle(
      'echo',
      (_input, ctx) =>
        new Promise((resolve) => {
          const early = ctx.signals.length;
          ctx.onSignal('approve', (payload) => resolve({ early, payload }));
        }),
    );
    await swarm.start();
    const first = { name: 'note', payload: null, at: 1 };
    await peer.dispatch(swarm.id, { taskId: 't3-00000064', signals: [first] });
    const ref = { taskId: 't3-00000064', attempt: 1 };
    const signals = [first, { name: 'approve', payload: { by: 'Ada' }, at: 2 }];
    await peer.control(swarm.id, { kind: 'signal', signals: [{ ...ref, signals }] });
    expect(await peer.report('t3-00000064')).toMatchObject({ output: { early: 1, payload: { by: 'Ada' } } });
  });
});

test('a handler that gives no sign of life is aborted and reported as timed out', async () => {
  const held = gate();
  const swarm = newSwarm().handle('echo', held.handler);
  await swarm.start();
  await peer.dispatch(swarm.id, { taskId: 't3-00000065', heartbeatMs: 20 });
  expect(await peer.report('t3-00000065')).toMatchObject({
    outcome: 'timed-out',
    error: { code: 'heartbeat-timeout', retryable: true },
  });
});

describe('draining', () => {
  test('refuses what is new, lets what runs finish, and says goodbye', async () => {
    const held = gate();
    const states: string[] = [];
    const swarm = newSwarm().handle('echo', held.handler);
    swarm.onStateChange((state) => states.push(state));
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000050' });
    await held.entered;
    const drained = swarm.drain();
    await eventually(() => peer.beatOf(swarm.id)?.state === 'draining');
    expect(await peer.dispatch(swarm.id, { taskId: 't3-00000051' })).toMatchObject({ reason: 'draining' });
    held.release();
    await drained;
    expect(await peer.report('t3-00000050')).toMatchObject({ outcome: 'succeeded' });
    await swarm.stop();
    await eventually(() => peer.beatOf(swarm.id)?.state === 'stopped');
    expect(states).toEqual(['ready', 'draining', 'stopped']);
  });

  test('aborts what does not finish in time and reports it as lost, which costs the task none of its attempts', async () => {
    const held = gate();
    const swarm = newSwarm({ drainMs: 20 }).handle('echo', held.handler);
    await swarm.start();
    await peer.dispatch(swarm.id, { taskId: 't3-00000052' });
    await held.entered;
    await swarm.drain();
    expect(await peer.report('t3-00000052')).toMatchObject({
      outcome: 'lost',
      error: { code: 'attempt-lost', retryable: true },
    });
  });
});

describe('starting', () => {
  test('lists every fault of the configuration at once', async () => {
    const swarm = newSwarm({ id: 'not a token', slots: 0 });
    await expect(swarm.start()).rejects.toMatchObject({
      code: 'invalid-configuration',
      findings: expect.arrayContaining([
        expect.objectContaining({ pointer: '/swarmId' }),
        expect.objectContaining({ pointer: '/slots' }),
        expect.objectContaining({ pointer: '/types' }),
      ]) as unknown,
    });
  });

  test('says which server does not answer', async () => {
    const swarm = newSwarm({ servers: 'nats://127.0.0.1:1' }).handle('echo', () => 1);
    await expect(swarm.start()).rejects.toMatchObject({
      code: 'bus-unavailable',
      message: expect.stringContaining('127.0.0.1:1') as string,
    });
  });
});
