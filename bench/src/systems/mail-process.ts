import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { connect, headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { percentile } from '../statistics';

/** What a process of the bench of messages is asked to do. */
export type MailQuestion =
  | { do: 'join'; id: string }
  | { do: 'handle' }
  /** Less urgent messages wait in their handlers. */
  | { do: 'hold' }
  /** They go on; answered when so many were received. */
  | { do: 'let-go'; count: number }
  /** Counts anew. */
  | { do: 'reset' }
  /** Answered when so many were received. */
  | { do: 'expect'; count: number }
  | { do: 'latencies' }
  | {
      do: 'send';
      to: string;
      qos: 'at-most-once' | 'at-least-once' | 'exactly-once';
      kind: string;
      count: number;
      inFlight: number;
      conversations: number;
      text: string;
      priority: 'critical' | 'normal' | 'low';
    }
  | {
      do: 'paced';
      to: string;
      perSecond: number;
      seconds: number;
      qos: 'at-most-once' | 'at-least-once';
      priority: 'critical' | 'normal';
      text: string;
    }
  | { do: 'bare-listen'; subject: string }
  | { do: 'bare-publish'; subject: string; count: number; text: string }
  | { do: 'bare-store'; subject: string; count: number; inFlight: number; text: string }
  | { do: 'bare-consume'; stream: string; durable: string; count: number };

const YIELD_EVERY = 256;
/** What is due is sent this often. */
const TICK_MS = 1;

let connection: NatsConnection;
let swarm: Swarm;
/** Low messages wait for it. */
let gate: Promise<void> = Promise.resolve();
let openGate = (): void => undefined;
let received = 0;
let latencies: number[] = [];
let expected: { count: number; done: () => void } | undefined;

function receive(sentAtMs: number | undefined): void {
  received += 1;
  if (sentAtMs !== undefined) latencies.push(monotonicMs() - sentAtMs);
  if (expected !== undefined && received >= expected.count) expected.done();
}

/** The same clock in all processes of a machine. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

async function answer(question: MailQuestion): Promise<unknown> {
  const from = performance.now();
  await ways[question.do](question as never);
  if (question.do === 'latencies') {
    const taken = latencies;
    latencies = [];
    if (taken.length === 0) return { count: 0, p50: 0, p99: 0 };
    return { count: taken.length, p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) };
  }
  return { ms: performance.now() - from };
}

const ways: { [K in MailQuestion['do']]: (question: Extract<MailQuestion, { do: K }>) => Promise<void> } = {
  async join({ id }) {
    const logger = createLogger({ service: 'swarm', level: 'warn' });
    swarm = createSwarm({ id, region: 'local', slots: 1, servers: url(), logger, handleSignals: false });
    swarm.handle('noop', () => null);
    await swarm.start();
  },
  async handle() {
    swarm.messages.on('m', async ({ data, priority }) => {
      if (priority === 'low') await gate;
      receive((data as { at?: number }).at);
    });
    swarm.messages.onExactlyOnce<number>(
      'x',
      () => 0,
      async (sum, { priority }) => {
        if (priority === 'low') await gate;
        receive(undefined);
        return sum + 1;
      },
    );
  },
  hold() {
    gate = new Promise((resolve) => {
      openGate = resolve;
    });
    return Promise.resolve();
  },
  'let-go': ({ count }) => {
    received = 0;
    const all = count === 0 ? Promise.resolve() : ways.expect({ do: 'expect', count });
    openGate();
    return all;
  },
  reset() {
    received = 0;
    return Promise.resolve();
  },
  expect({ count }) {
    return new Promise((done) => {
      expected = { count, done };
      if (received >= count) done();
    });
  },
  latencies: () => Promise.resolve(),
  async send({ to, qos, kind, count, inFlight, conversations, text, priority }) {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < count) {
        const n = next++;
        const conversation = conversations === 0 ? {} : { conversation: `c${n % conversations}` };
        await swarm.messages.send({ to, kind, qos, priority, data: { n, text }, ...conversation });
        if (n % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  },
  async paced({ to, perSecond, seconds, qos, priority, text }) {
    const begin = performance.now();
    const count = perSecond * seconds;
    const sent: Promise<unknown>[] = [];
    while (sent.length < count) {
      const due = Math.min(count, Math.floor(((performance.now() - begin) / 1_000) * perSecond));
      while (sent.length < due)
        sent.push(swarm.messages.send({ to, kind: 'm', qos, priority, data: { at: monotonicMs(), text } }));
      await new Promise((resolve) => setTimeout(resolve, TICK_MS)); // a sender that never rests would take a core from those it measures
    }
    await Promise.all(sent);
  },
  async 'bare-listen'({ subject }) {
    connection.subscribe(subject, {
      callback: (_error, message) => {
        message.json();
        receive(undefined);
      },
    });
    await connection.flush();
  },
  async 'bare-publish'({ subject, count, text }) {
    for (let n = 0; n < count; n += 1) {
      connection.publish(subject, JSON.stringify({ n, text }), { headers: headersOf(n) });
      if (n % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await connection.flush();
  },
  async 'bare-store'({ subject, count, inFlight, text }) {
    const stream = jetstream(connection);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < count) {
        const n = next++;
        await stream.publish(subject, JSON.stringify({ n, text }), { headers: headersOf(n) });
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  },
  async 'bare-consume'({ stream, durable, count }) {
    const manager = await jetstreamManager(connection);
    await manager.consumers.add(stream, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      max_ack_pending: -1,
    });
    const consumer = await jetstream(connection).consumers.get(stream, durable);
    let left = count;
    const messages = await consumer.consume({ max_messages: 2_000 });
    for await (const message of messages) {
      message.json();
      message.ack();
      if ((left -= 1) === 0) break;
    }
    await manager.consumers.delete(stream, durable);
  },
};

/** As many and as long as those of a message of ours. */
function headersOf(n: number): MsgHdrs {
  const made = headers();
  made.set('ce-specversion', '1.0');
  made.set('ce-id', `m-01a209ded76a33c331${String(1e9 + n)}`);
  made.set('ce-source', '/swarms/sender');
  made.set('ce-type', 'multiswarm.message.m');
  made.set('ce-time', '2026-01-02T03:04:05.678Z');
  made.set('ce-datacontenttype', 'application/json');
  made.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  return made;
}

function url(): string {
  return process.env['NATS_URL'] ?? '';
}

async function main(): Promise<void> {
  connection = await connect({ servers: url(), noAsyncTraces: true });
  process.on('message', (question: MailQuestion | { probe: string }) => {
    if ('probe' in question) return; // answered elsewhere
    answer(question).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
  process.once('SIGTERM', () => process.exit(0));
}

process.once('disconnect', () => process.exit(1));
void main();
