import { LIMITS } from '@multiswarm/contracts';
import { deferred } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { z } from 'zod';
import {
  createSwarm,
  defineTask,
  NonRetryableError,
  RetryableError,
  type Swarm,
  type SwarmOptions,
} from '../src';
import { Peer } from './peer';

let nats: TestServer;
let peer: Peer;
const started: Swarm[] = [];
let count = 0;

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  peer = await Peer.connect(nats.url);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((swarm) => swarm.stop()));
  await peer.close();
});

function newSwarm(options: Partial<SwarmOptions> = {}): Swarm {
  const swarm = createSwarm({
    id: `swarm-${count++}`,
    region: 'eu-west',
    slots: 2,
    servers: nats.url,
    handleSignals: false,
    graceMs: 50,
    flushMs: 500,
    logger: createLogger({ service: 'test', level: 'silent' }),
    ...options,
  });
  started.push(swarm);
  return swarm;
}

/** A handler that runs until it is released or aborted. */
function gate() {
  const release = deferred<string>();
  const inside = deferred<void>();
  let runs = 0;
  return {
    release: () => release.resolve('released'),
    inside: inside.promise,
    get runs() {
      return runs;
    },
    handler: (_input: unknown, { signal }: { signal: AbortSignal }) => {
      runs += 1;
      inside.resolve();
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        void release.promise.then(resolve);
      });
    },
  };
}

describe('a swarm that runs attempts', () => {
  test('runs what is dispatched to it and reports the output to the owner of the shard', async () => {
    const add = defineTask({
      type: 'add',
      input: z.object({ a: z.number(), b: z.number() }),
      output: z.object({ sum: z.number() }),
    });
    const swarm = newSwarm().handle(add, ({ a, b }, ctx) => {
      ctx.usage({ inputTokens: 3 });
      ctx.usage({ inputTokens: 4, outputTokens: 1 });
      return { sum: a + b };
    });
    await swarm.start();
    expect(
      await peer.dispatch(swarm.id, { taskId: 't3-00000001', type: 'add', input: { a: 2, b: 3 } }),
    ).toMatchObject({ outcome: 'accepted' });
    expect(await peer.report('t3-00000001')).toMatchObject({
      outcome: 'succeeded',
      output: { sum: 5 },
      usage: { inputTokens: 7, outputTokens: 1 },
    });
    await eventually(() => peer.lastBeat?.held.length === 0);
  });

  test('runs an attempt once, however often it is dispatched, also after it is over', async () => {
    const probe = gate();
    const swarm = newSwarm().handle('echo', probe.handler);
    await swarm.start();
    const outcomes = [
      await peer.dispatch(swarm.id, { taskId: 't3-00000002' }),
      await peer.dispatch(swarm.id, { taskId: 't3-00000002' }),
    ];
    await probe.inside;
    probe.release();
    await peer.report('t3-00000002');
    outcomes.push(await peer.dispatch(swarm.id, { taskId: 't3-00000002' }));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(probe.runs).toBe(1);
  });
});
void LIMITS;
void NonRetryableError;
void RetryableError;
