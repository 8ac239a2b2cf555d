import { join } from 'node:path';
import { startNats } from '@multiswarm/testing';
import { connect } from '@nats-io/transport-node';
import { jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { z } from 'zod';
import { startChild, type Child } from '../child';
import { rounded } from '../statistics';
import type { MailQuestion } from '../systems/mail-process';
import { startService } from '../systems/services';
import { startOrUndo } from '../systems/system';
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

/**
 * Messages of each promise between two processes through one server and one built communicator, beside the NATS client alone with the same
 * headers and bodies, which are read at the other end.
 */
export const messages: Bench = async (options, progress) =>
  startOrUndo(async (endings) => {
    const nats = await startNats();
    endings.add(() => nats.stop());
    const urls = { NATS_URL: nats.url, MAILBOX_LIMIT: '1000000', MAILBOX_STORE_BYTES: String(2 ** 30) };
    await startService('communicator', 'communicator', { urls, probed: false, logLevel: 'warn' }, endings);
    const process = (name: string): Child => {
      const script = join(__dirname, '..', 'systems', 'mail-process.ts');
      const child = startChild({
        name,
        args: ['-r', 'ts-node/register', script],
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
      const from = performance.now();
      const all = ask(recipient, { do: 'expect', count });
      await ask(sender, what);
      await all;
      return (count / (performance.now() - from)) * 1_000;
    };
    const stored = async (what: MailQuestion): Promise<number> => (count / (await ask(sender, what))) * 1_000;
    const ways: Record<string, () => Promise<number>> = {
      'at-most-once': () => through({ do: 'send', ...plain, qos: 'at-most-once', kind: 'm' }),
      'core publish and subscribe': () =>
        through({ do: 'bare-publish', subject: 'bare.core', count, text: TEXT }),
      'at-least-once, to the handler': () =>
        through({ do: 'send', ...plain, qos: 'at-least-once', kind: 'm' }),
      'exactly-once, 64 conversations': () =>
        through({ do: 'send', ...plain, qos: 'exactly-once', kind: 'x', conversations: CONVERSATIONS }),
      'JetStream publish': () =>
        stored({ do: 'bare-store', subject: BARE, count, inFlight: IN_FLIGHT, text: TEXT }),
      'JetStream consume and ack': async () =>
        (count / (await ask(recipient, { do: 'bare-consume', stream: STREAM, durable: 'bench', count }))) *
        1_000,
    };
    const results = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
    const note = (name: string, value: number): void => {
      const runs = results.get(name) ?? [];
      results.set(name, [...runs, value]);
    };
    for (let run = 1; run <= options.runs; run++) {
      for (const [name, way] of Object.entries(ways)) {
        const value = await way();
        note(name, value);
        progress(`run ${run}/${options.runs}  ${name.padEnd(32)} ${rounded(value)}/s`);
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
      await ask(recipient, { do: 'let-go' });
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
    return [
      {
        ...common,
        metric: 'at most once',
        own: series('at-most-once'),
        peer: series('core publish and subscribe'),
      },
      {
        ...common,
        metric: 'at least once, beside publish',
        own: series('at-least-once, to the handler'),
        peer: series('JetStream publish'),
      },
      {
        ...common,
        metric: 'at least once, beside consume and ack',
        own: series('at-least-once, to the handler'),
        peer: series('JetStream consume and ack'),
      },
      {
        ...common,
        metric: 'exactly once, beside consume and ack',
        own: series('exactly-once, 64 conversations'),
        peer: series('JetStream consume and ack'),
      },
      { ...common, unit: 'ms', metric: 'p99 at most once at 5,000/s', own: series('paced p99') },
      { ...common, unit: 'ms', metric: 'p99 urgent beside a backlog of low ones', own: series('urgent p99') },
    ];
  });
