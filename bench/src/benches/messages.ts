import { join } from 'node:path';
import { startNats } from '@multiswarm/testing';
import { connect } from '@nats-io/transport-node';
import { jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { z } from 'zod';
import { startChild, type Child } from '../child';
import { PROBED, profiled } from '../profiling';
import { rounded } from '../statistics';
import type { MailQuestion } from '../systems/mail-process';
import { startService } from '../systems/services';
import { startOrUndo } from '../systems/system';
import type { Figure } from '../report';
import type { Bench } from './bench';

const Took = z.object({ ms: z.number() });
const Latencies = z.object({ count: z.number(), p50: z.number(), p99: z.number() });

const COUNTS = { quick: 5_000, full: 50_000 };
const BACKLOG = { quick: 10_000, full: 100_000 };
const IN_FLIGHT = 256;
const CONVERSATIONS = 64;
/** The middle of the sizes of recorded messages between agents. */
const TEXT = 'x'.repeat(600);
const PACED = { perSecond: 5_000, seconds: 5 };
const URGENT = { perSecond: 200, seconds: 3 };
const STREAM = 'BARE';
const BARE = 'bare.stored';
const RECIPIENT = 'recipient';
const WAYS = {
  atMostOnce: 'at most once',
  core: 'core publish and subscribe',
  publish: 'JetStream publish',
  consume: 'JetStream consume and ack',
  both: 'JetStream publish, consume and ack',
  accepted: 'at least once, accepted',
  taken: 'at least once, handled',
  through: 'at least once, sent and handled',
  exactlyAccepted: 'exactly once, accepted',
  exactlyTaken: 'exactly once, handled',
  exactlyThrough: 'exactly once, sent and handled',
};

/**
 * Messages of each promise between two processes through one server and one built communicator, beside the NATS client alone with the same
 * headers and bodies, which are read at the other end.
 */
export const messages: Bench = async (options, progress) =>
  startOrUndo(async (endings) => {
    const nats = await startNats();
    endings.add(() => nats.stop());
    const urls = { NATS_URL: nats.url, MAILBOX_LIMIT: '1000000', MAILBOX_STORE_BYTES: String(2 ** 30) };
    const probed = options.profile !== undefined;
    const service = await startService(
      'communicator',
      'communicator',
      { urls, probed, logLevel: 'warn' },
      endings,
    );
    const process = (name: string): Child => {
      const script = join(__dirname, '..', 'systems', 'mail-process.ts');
      const child = startChild({
        name,
        args: [...(probed ? PROBED : []), '-r', 'ts-node/register', script],
        env: { NATS_URL: nats.url },
      });
      endings.add(() => child.stop());
      return child;
    };
    const [sender, recipient] = [process('sender'), process(RECIPIENT)];
    await Promise.all([sender.ready, recipient.ready]);
    const ask = async (child: Child, question: MailQuestion): Promise<number> =>
      Took.parse(await child.ask(question)).ms;
    await ask(sender, { do: 'join', id: 'sender' });
    await ask(recipient, { do: 'join', id: RECIPIENT });
    await ask(recipient, { do: 'handle' });
    await ask(recipient, { do: 'bare-listen', subject: 'bare.core' });
    const connection = await connect({ servers: nats.url });
    endings.add(() => connection.close());
    const manager = await jetstreamManager(connection);
    await manager.streams.add({
      ...{ name: STREAM, subjects: [BARE], retention: RetentionPolicy.Workqueue, storage: StorageType.File },
    });

    const count = options.quick ? COUNTS.quick : COUNTS.full;
    const backlog = options.quick ? BACKLOG.quick : BACKLOG.full;
    const plain = {
      to: RECIPIENT,
      count,
      text: TEXT,
      priority: 'normal',
      inFlight: IN_FLIGHT,
      conversations: 0,
    } as const;
    /** From the first send to the last handler, per second. */
    const through = async (what: MailQuestion): Promise<number> => {
      await ask(recipient, { do: 'reset' });
      const from = performance.now();
      const all = ask(recipient, { do: 'expect', count });
      await ask(sender, what);
      await all;
      return perSecond(performance.now() - from);
    };
    const perSecond = (ms: number): number => (count / ms) * 1_000;
    const accepted = async (what: MailQuestion): Promise<number> => {
      await ask(recipient, { do: 'hold' });
      return perSecond(await ask(sender, what));
    };
    /** What waits, from the moment that it may be handled to the last handler. */
    const taken = async (): Promise<number> => perSecond(await ask(recipient, { do: 'let-go', count }));
    const atLeast = { do: 'send', ...plain, qos: 'at-least-once', kind: 'm' } as const;
    const exactly = { ...atLeast, qos: 'exactly-once', kind: 'x', conversations: CONVERSATIONS } as const;
    const store = { do: 'bare-store', subject: BARE, count, inFlight: IN_FLIGHT, text: TEXT } as const;
    const consume = { do: 'bare-consume', stream: STREAM, durable: 'bench', count } as const;
    const ways: Record<string, () => Promise<number>> = {
      [WAYS.atMostOnce]: () => through({ do: 'send', ...plain, qos: 'at-most-once', kind: 'm' }),
      [WAYS.core]: () => through({ do: 'bare-publish', subject: 'bare.core', count, text: TEXT }),
      [WAYS.publish]: async () => perSecond(await ask(sender, store)),
      [WAYS.consume]: async () => perSecond(await ask(recipient, consume)),
      [WAYS.both]: async () => {
        const from = performance.now();
        await Promise.all([ask(recipient, consume), ask(sender, store)]);
        return perSecond(performance.now() - from);
      },
      [WAYS.accepted]: () => accepted({ ...atLeast, priority: 'low' }),
      [WAYS.taken]: taken,
      [WAYS.through]: () => through(atLeast),
      [WAYS.exactlyAccepted]: () => accepted({ ...exactly, priority: 'low' }),
      [WAYS.exactlyTaken]: taken,
      [WAYS.exactlyThrough]: () => through(exactly),
    };
    const measured = (name: string, way: () => Promise<number>): Promise<number> =>
      options.profile === undefined
        ? way()
        : profiled(options.profile, name.replace(/[^a-z]+/gi, '-'), [service, sender, recipient], way);
    const results = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
    const note = (name: string, value: number): void => {
      const runs = results.get(name) ?? [];
      results.set(name, [...runs, value]);
    };
    for (let run = 1; run <= options.runs; run++) {
      for (const [name, way] of Object.entries(ways)) {
        const value = await measured(name, way);
        note(name, value);
        progress(`run ${run}/${options.runs}  ${name.padEnd(36)} ${rounded(value)}/s`);
      }
      await ask(sender, {
        do: 'paced',
        to: RECIPIENT,
        ...PACED,
        qos: 'at-most-once',
        priority: 'normal',
        text: TEXT,
      });
      const paced = Latencies.parse(await recipient.ask({ do: 'latencies' }));
      note('paced p99', paced.p99);
      progress(
        `run ${run}/${options.runs}  at-most-once at 5,000/s: p50 ${rounded(paced.p50)} ms, p99 ${rounded(paced.p99)} ms`,
      );
      const low = { ...plain, count: backlog, priority: 'low', qos: 'at-least-once', kind: 'm' } as const;
      await ask(recipient, { do: 'hold' });
      await ask(sender, { do: 'send', ...low });
      await ask(recipient, { do: 'let-go', count: 0 });
      await ask(sender, {
        do: 'paced',
        to: RECIPIENT,
        ...URGENT,
        qos: 'at-least-once',
        priority: 'critical',
        text: TEXT,
      });
      const urgent = Latencies.parse(await recipient.ask({ do: 'latencies' }));
      note('urgent p99', urgent.p99);
      progress(
        `run ${run}/${options.runs}  urgent beside ${backlog} low ones: p50 ${rounded(urgent.p50)} ms, p99 ${rounded(urgent.p99)} ms`,
      );
    }
    const serverVersions = { nats: connection.info?.version ?? 'unknown' };
    await endings.run();
    const series = (name: string): { name: string; runs: number[] } => ({
      name,
      runs: results.get(name) ?? [],
    });
    const settings = { count, inFlight: IN_FLIGHT, textBytes: TEXT.length, backlog, runs: options.runs };
    const common = { bench: 'messages', unit: 'messages/s', settings, serverVersions };
    const beside = (own: string, peer: string): Figure => ({
      ...{ ...common, metric: `${own}, beside ${peer}`, own: series(own), peer: series(peer) },
    });
    return [
      beside(WAYS.atMostOnce, WAYS.core),
      beside(WAYS.accepted, WAYS.publish),
      beside(WAYS.taken, WAYS.consume),
      beside(WAYS.through, WAYS.both),
      beside(WAYS.exactlyAccepted, WAYS.publish),
      beside(WAYS.exactlyTaken, WAYS.consume),
      beside(WAYS.exactlyThrough, WAYS.both),
      { ...common, unit: 'ms', metric: 'p99 at most once at 5,000/s', own: series('paced p99') },
      { ...common, unit: 'ms', metric: 'p99 urgent beside a backlog of low ones', own: series('urgent p99') },
    ];
  });
