import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type ConsumerMessages,
  type JsMsg,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { MultiswarmError } from '@multiswarm/contracts';

export interface StreamOptions {
  name: string;
  subjects: string[];
  maxAgeMs: number;
  maxBytes: number;
  replicas: number;
  /** Window in which a repeated message id is stored once. */
  dedupWindowMs: number;
  /** Messages of one subject; the oldest goes first. Unlimited unless told. */
  maxMessagesPerSubject?: number;
  /** At its limit in bytes it refuses what is new, and keeps what is old. */
  refusesWhenFull?: boolean;
  /** Any replica answers for single messages, and a message may replace all of its subject. */
  isStore?: boolean;
}

const NANOS_PER_MS = 1_000_000;
/**
 * A reader whose server was started again asks for its consumer; where that fails, the client tries again only after this long (30 s
 * unless told), and notices an end of which it was not told by two heartbeats, half as far apart, that do not come.
 */
const PULL_EXPIRES_MS = 3_000;
/** A message may have half a megabyte: so many may wait in memory for a reader that is slow. */
const PREFETCHED_MESSAGES = 64;

/** Creates the stream, or brings an existing one to these limits. File storage; the oldest message goes first at a limit. */
export async function ensureStream(connection: NatsConnection, options: StreamOptions): Promise<void> {
  const manager = await jetstreamManager(connection);
  const config = {
    name: options.name,
    subjects: options.subjects,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: options.refusesWhenFull ? DiscardPolicy.New : DiscardPolicy.Old,
    max_age: options.maxAgeMs * NANOS_PER_MS,
    max_bytes: options.maxBytes,
    num_replicas: options.replicas,
    duplicate_window: options.dedupWindowMs * NANOS_PER_MS,
    max_msgs_per_subject: options.maxMessagesPerSubject ?? -1,
    ...(options.isStore ? { allow_direct: true, allow_rollup_hdrs: true } : {}),
  };
  const known = (): Promise<StreamInfo | undefined> =>
    manager.streams.info(options.name).catch(() => undefined);
  const made = async (): Promise<StreamInfo> =>
    manager.streams.add(config).catch(async (error: unknown) => {
      // Another replica may be making it at this moment: then ours is refused, and the stream is there all the same.
      const others = await known();
      if (!others) throw error;
      return others;
    });
  const stream = (await known()) ?? (await made());
  await manager.streams.update(options.name, { ...config, description: `${MADE_AT}${madeAt(stream)}` });
}

const MADE_AT = 'made at ';

/**
 * When a stream was made, as its description says, where it does. What the server says is right only until it is started again
 * twice: in between a stream that is updated takes the time of the start for its own (seen with nats-server 2.9.10).
 */
function madeAt({ created, config: { description = '' } }: StreamInfo): string {
  return description.startsWith(MADE_AT) ? description.slice(MADE_AT.length) : created;
}

export interface StreamRange {
  firstSeq: number;
  lastSeq: number;
  /** When the stream was made, epoch ms: sequences of a stream that was made anew say nothing about those of the old one. */
  createdAt: number;
  /** When its last message was stored, epoch ms. */
  lastAt: number;
}

/** Throws `bus-unavailable` where JetStream does not answer, for example while its server is started again. */
export function streamRange(connection: NatsConnection, name: string): Promise<StreamRange> {
  return answered(name, async () => {
    const manager = await jetstreamManager(connection);
    const info = await manager.streams.info(name);
    const { state } = info;
    const { first_seq: firstSeq, last_seq: lastSeq, last_ts: last } = state;
    return { firstSeq, lastSeq, createdAt: Date.parse(madeAt(info)), lastAt: Date.parse(last) };
  });
}

/** The last message on a subject, as text; undefined where the stream has none. Throws `bus-unavailable` where JetStream does not answer. */
export function lastMessage(
  connection: NatsConnection,
  name: string,
  subject: string,
): Promise<string | undefined> {
  return answered(name, async () => {
    const manager = await jetstreamManager(connection);
    const message = await manager.streams.getMessage(name, { last_by_subj: subject });
    return message?.string();
  });
}

/**
 * The first message from this one on: its sequence, and when it was stored, epoch ms; undefined where there is none. Throws
 * `bus-unavailable` where JetStream does not answer.
 */
export function nextMessage(
  connection: NatsConnection,
  name: string,
  from: number,
): Promise<{ seq: number; at: number } | undefined> {
  return answered(name, async () => {
    const manager = await jetstreamManager(connection);
    const asked = { seq: from, next_by_subj: '>' };
    try {
      const message = await manager.streams.getMessage(name, asked);
      return message ? { seq: message.seq, at: message.time.getTime() } : undefined;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  });
}

/**
 * Whether one of the messages `first` to `last` is there that was stored at an instant (epoch ms) or later. Throws `bus-unavailable`
 * where JetStream does not answer.
 */
export async function hasMessageSince(
  connection: NatsConnection,
  name: string,
  [first, last]: readonly [number, number],
  at: number,
): Promise<boolean> {
  // Times grow with the sequences. Where the last one is there, which is nearly always, it says all.
  let [low, high] = [first, last];
  for (let probe = last; low <= high; probe = Math.floor((low + high) / 2)) {
    const message = await nextMessage(connection, name, probe);
    if (message === undefined || message.seq > last) high = probe - 1;
    else if (message.at >= at) return true;
    else low = message.seq + 1;
  }
  return false;
}

/**
 * Removes messages of a stream: those at its beginning at once, others one by one. Others may be gone already.
 * Throws `bus-unavailable` where JetStream does not answer.
 * @param seqs ascending
 */
export function removeMessages(
  connection: NatsConnection,
  name: string,
  seqs: readonly number[],
): Promise<void> {
  return answered(name, async () => {
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info(name);
    const left = seqs.filter((seq) => seq >= state.first_seq);
    const before = left.findIndex((seq, index) => seq !== state.first_seq + index);
    const prefix = before < 0 ? left.length : before;
    if (prefix > 0) await manager.streams.purge(name, { seq: state.first_seq + prefix });
    for (const seq of left.slice(prefix))
      await manager.streams.deleteMessage(name, seq, false).catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
  });
}

/** The codes of JetStream for a message that is not there, which it gives for one that was removed, too. */
const NO_MESSAGE: ReadonlySet<unknown> = new Set([10_037, 10_043, 10_057]);

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && NO_MESSAGE.has(error.code);
}

/** What the client of JetStream throws says nothing about whether it passes: a request under way when the server dies times out. */
async function answered<T>(name: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new MultiswarmError('bus-unavailable', `JetStream does not answer for the stream ${name}`, {
      cause,
    });
  }
}

export interface Replayed {
  seq: number;
  subject: string;
  text: string;
  /** When it was stored, epoch ms by the clock of the server. */
  at: number;
  /** How many messages the stream has behind this one. */
  pending: number;
  headers: MsgHdrs | undefined;
}

function replayedOf(message: JsMsg): Replayed {
  return {
    seq: message.seq,
    subject: message.subject,
    text: message.string(),
    at: message.time.getTime(),
    pending: message.info.pending,
    headers: message.headers,
  };
}

/** Where a reader begins: at a sequence, or at the first message that was stored at an instant (epoch ms) or later. */
export type ReadFrom = { seq: number } | { at: number };

/**
 * Reads a stream, or one subject or pattern of it, in order from a sequence on, for ever, until the returned `close` is called. The ordered consumer of the
 * client recreates itself after gaps and reconnects, so what is yielded has no holes except those the stream has dropped.
 * Throws `bus-unavailable` where JetStream does not answer.
 */
export async function readStream(
  connection: NatsConnection,
  name: string,
  from: ReadFrom,
  filter = '>',
): Promise<{ messages: AsyncIterable<Replayed>; close: () => void }> {
  const messages: ConsumerMessages = await answered(name, async () => {
    const start =
      'seq' in from
        ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from.seq) }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from.at).toISOString() };
    const consumer = await jetstream(connection).consumers.get(name, { ...start, filter_subjects: filter });
    return consumer.consume({ max_messages: PREFETCHED_MESSAGES, expires: PULL_EXPIRES_MS });
  });
  return {
    messages: {
      async *[Symbol.asyncIterator]() {
        for await (const message of messages) yield replayedOf(message);
      },
    },
    // close() awaits the end of the loop that iterates it; called from inside that loop it would wait for itself.
    close: () => messages.stop(),
  };
}

/** A reader that is not asked for so long is removed by the server. */
const READER_IDLE_MS = 30_000;
const FETCHED_AT_ONCE = 500;

/**
 * The first message that was stored at an instant (epoch ms) or later: its sequence, or that of the next one to come. Throws
 * `bus-unavailable` where JetStream does not answer.
 */
export async function firstSince(connection: NatsConnection, name: string, at: number): Promise<number> {
  const { firstSeq, lastSeq } = await streamRange(connection, name);
  // Times grow with the sequences.
  let [low, high] = [firstSeq, lastSeq + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await nextMessage(connection, name, middle);
    if (message === undefined || message.at >= at) high = middle;
    else low = message.seq + 1;
  }
  return low;
}

/**
 * Reads what a stream has on a subject, or a pattern, from one sequence to another, both included, in order, and ends. Throws where it
 * cannot be read to its end.
 */
export async function* readRange(
  connection: NatsConnection,
  name: string,
  { first, last }: { first: number; last: number },
  filter: string,
): AsyncGenerator<Replayed> {
  const manager = await jetstreamManager(connection);
  const { name: reader, num_pending: pending } = await manager.consumers.add(name, {
    filter_subject: filter,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, first),
    ack_policy: AckPolicy.None,
    inactive_threshold: READER_IDLE_MS * NANOS_PER_MS,
    mem_storage: true,
  });
  try {
    const consumer = await jetstream(connection).consumers.get(name, reader);
    for (let left = pending; left > 0;) {
      const before = left;
      const batch = { max_messages: Math.min(PREFETCHED_MESSAGES, left), expires: PULL_EXPIRES_MS };
      for await (const message of await consumer.fetch(batch)) {
        if (message.seq > last) return;
        yield replayedOf(message);
        left = message.info.pending;
      }
      if (left === before) throw new Error(`${name} does not tell the messages from ${first} to ${last}`);
    }
  } finally {
    // The server removes it by itself after a while.
    await manager.consumers.delete(name, reader).catch(() => undefined);
  }
}

/** The newest message of each subject, as text. Throws `bus-unavailable` where JetStream does not answer. */
export function lastOfEach(
  connection: NatsConnection,
  name: string,
  subjects: string,
): Promise<{ subject: string; text: string }[]> {
  return answered(name, async () => {
    const manager = await jetstreamManager(connection);
    const { name: reader, num_pending: pending } = await manager.consumers.add(name, {
      filter_subject: subjects,
      deliver_policy: DeliverPolicy.LastPerSubject,
      ack_policy: AckPolicy.None,
      inactive_threshold: READER_IDLE_MS * NANOS_PER_MS,
      mem_storage: true,
    });
    const consumer = await jetstream(connection).consumers.get(name, reader);
    const found: { subject: string; text: string }[] = [];
    while (found.length < pending) {
      const before = found.length;
      const most = Math.min(FETCHED_AT_ONCE, pending - before);
      for await (const message of await consumer.fetch({ max_messages: most, expires: PULL_EXPIRES_MS }))
        found.push({ subject: message.subject, text: message.string() });
      if (found.length === before) throw new Error(`${name} has told ${before} of ${pending} messages`);
    }
    await consumer.delete();
    return found;
  });
}

/** Removes all messages on a subject. Throws `bus-unavailable` where JetStream does not answer. */
export function forgetMessages(connection: NatsConnection, name: string, subject: string): Promise<void> {
  return answered(name, async () => {
    const manager = await jetstreamManager(connection);
    await manager.streams.purge(name, { filter: subject });
  });
}
