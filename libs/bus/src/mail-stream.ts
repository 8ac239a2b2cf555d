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
} from '@nats-io/jetstream';
import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { MultiswarmError } from '@multiswarm/contracts';
import {
  dataIn,
  headersIn,
  ofClient,
  pieceOf,
  wireHeadersOf,
  type WireBody,
  type WireHeaders,
  type WirePiece,
} from './wire-headers';

const NANOS_PER_MS = 1_000_000;
/** Messages that are on their way to a reader. */
const PREFETCHED = 2_000;
/** A reader that its server has forgotten is noticed by what does not come for so long. */
const PULL_EXPIRES_MS = 10_000;
/** Who reads a mailbox decides himself when a message is handed over again: the server only does when he has forgotten it. */
const ACK_WAIT_MS = 24 * 3_600_000;
const DIRECT_MS = 3_000;
const ACK = Buffer.from('+ACK');
const NOTHING: WirePiece = { bytes: new Uint8Array(0), headerBytes: 0 };

/** A message of a work queue, until it is acknowledged. */
export interface QueuedMail extends WireBody {
  readonly seq: number;
  readonly subject: string;
  /** Epoch ms by the clock of the server. */
  readonly storedAtMs: number;
  /** Of its headers and its body. */
  readonly bytes: number;
  /** Takes it out of the queue. Not confirmed: one that gets lost is told again. */
  ack(): void;
  /** Gives back the memory of what it carries; it can still be acknowledged. */
  drop(): void;
}

export interface QueueOptions {
  name: string;
  subjects: string[];
  maxBytes: number;
  /** Of one message, with its headers; a larger one is refused. */
  maxMessageBytes: number;
  replicas: number;
  dedupWindowMs: number;
}

/** A work queue: each message stays until whoever reads its subject acknowledges it. At its limit it refuses what is new. */
export async function ensureQueue(connection: NatsConnection, options: QueueOptions): Promise<void> {
  const manager = await jetstreamManager(connection);
  const config = {
    name: options.name,
    subjects: options.subjects,
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_bytes: options.maxBytes,
    max_msg_size: options.maxMessageBytes,
    num_replicas: options.replicas,
    duplicate_window: options.dedupWindowMs * NANOS_PER_MS,
    allow_direct: true,
  };
  const known = await manager.streams.info(options.name).catch(() => undefined);
  if (known !== undefined) await manager.streams.update(options.name, config);
  else
    await manager.streams.add(config).catch(async (error: unknown) => {
      // Another replica may be making it at this moment: then ours is refused, and it is there all the same.
      await manager.streams.info(options.name).catch(() => {
        throw error;
      });
    });
}

/** Removes the readers of a queue whose names begin so. Two readers of one subject are refused by the server. */
export async function dropReaders(connection: NatsConnection, stream: string, prefix: string): Promise<void> {
  const manager = await jetstreamManager(connection);
  for await (const { name } of manager.consumers.list(stream)) {
    if (!name.startsWith(prefix)) continue;
    await manager.consumers.delete(stream, name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

export interface QueueReader {
  /** How many messages there were to be read when it began. */
  readonly pending: number;
  stop(): void;
}

/**
 * Reads what a queue has on a subject, from its first message on, and what comes after, in order and without gaps. What is not acknowledged is
 * read again by the next reader.
 * @param onEnd the reader is gone: its server has forgotten it, somebody has removed it, or a message was lost on its way
 */
export async function readQueue(
  connection: NatsConnection,
  { stream, name, subject }: { stream: string; name: string; subject: string },
  onMail: (mail: QueuedMail) => void,
  onEnd: (error: unknown) => void,
): Promise<QueueReader> {
  const manager = await jetstreamManager(connection);
  const { num_pending: pending } = await manager.consumers.add(stream, {
    durable_name: name,
    filter_subject: subject,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: -1,
    max_deliver: -1,
    // It is made anew by whoever reads next: nothing is lost with it.
    mem_storage: true,
  });
  const consumer = await jetstream(connection).consumers.get(stream, name);
  let stopped = false;
  let told = 0;
  const take = (message: JsMsg): void => {
    if (stopped) return;
    const mail = new Queued(connection, message);
    // What was told while the line was cut is told again only to another reader: nothing may come before it.
    if (mail.order > told + 1) return end(new Error('messages of a queue were lost on their way'));
    told = mail.order;
    onMail(mail);
  };
  const messages: ConsumerMessages = await consumer.consume({
    max_messages: PREFETCHED,
    expires: PULL_EXPIRES_MS,
    abort_on_missing_resource: true,
    callback: take,
  });
  const end = (error: unknown): void => {
    if (stopped) return;
    stopped = true;
    messages.stop();
    onEnd(error);
  };
  void messages.closed().then(end);
  return {
    pending,
    stop: () => {
      stopped = true;
      messages.stop();
    },
  };
}

/**
 * One message that a queue still has; undefined where it is gone. Any replica of the stream may answer, as it is; what one does not have
 * (yet, or any more) its leader is asked for.
 * @throws MultiswarmError `bus-unavailable`
 */
export async function queuedMail(
  connection: NatsConnection,
  stream: string,
  seq: number,
): Promise<WireBody | undefined> {
  try {
    const found = await connection.request(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ seq }), {
      timeout: DIRECT_MS,
    });
    const headers = wireHeadersOf(found);
    if (headers?.get('Nats-Sequence') === String(seq)) return { headers, data: found.data };
  } catch {
    // Nobody answers directly: the stream was made by an earlier version, or its server is being replaced.
  }
  return mailOfLeader(connection, stream, seq);
}

async function mailOfLeader(
  connection: NatsConnection,
  stream: string,
  seq: number,
): Promise<WireBody | undefined> {
  try {
    const manager = await jetstreamManager(connection);
    const message = await manager.streams.getMessage(stream, { seq });
    return message === null ? undefined : { headers: ofClient(message.header), data: message.data };
  } catch (cause) {
    if (isNotFound(cause)) return undefined;
    throw new MultiswarmError('bus-unavailable', `JetStream does not answer for the stream ${stream}`, {
      cause,
    });
  }
}

/** Removes one message of a queue, whoever reads it. */
export async function removeQueued(connection: NatsConnection, stream: string, seq: number): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.deleteMessage(stream, seq, false).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** Codes of JetStream for consumers and messages that are not there. */
const NOT_FOUND: ReadonlySet<unknown> = new Set([10_014, 10_037, 10_043, 10_057]);

function isNotFound(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && NOT_FOUND.has(error.code);
}

/** Of a message of JetStream no more is kept than is needed: hundreds of thousands may wait. */
class Queued implements QueuedMail {
  readonly seq: number;
  /** Counts what its reader was told, from 1 on. */
  readonly order: number;
  readonly storedAtMs: number;
  readonly subject: string;
  private readonly reply: string;
  private piece: WirePiece;

  constructor(
    private readonly connection: NatsConnection,
    message: JsMsg,
  ) {
    this.subject = message.subject;
    this.reply = replyOf(message);
    const { seq, order, storedAtMs } = placeOf(this.reply);
    this.seq = seq;
    this.order = order;
    this.storedAtMs = storedAtMs;
    this.piece = pieceOf(inner(message));
  }

  get headers(): WireHeaders | undefined {
    return headersIn(this.piece);
  }
  get data(): Uint8Array {
    return dataIn(this.piece);
  }
  get bytes(): number {
    return this.piece.bytes.length;
  }
  ack(): void {
    if (!this.connection.isClosed()) this.connection.publish(this.reply, ACK);
  }
  drop(): void {
    this.piece = NOTHING;
  }
}

/**
 * Sequence of a message, its place among what its reader was told, and its time, from the subject that acknowledges it: `$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.
 * <consumer sequence>.<nanoseconds>.<pending>`, from nats-server 2.9 on with a domain and an account before the stream and a token at
 * the end. Counted from `$JS.ACK`, so that names say nothing.
 */
export function placeOf(reply: string): { seq: number; order: number; storedAtMs: number } {
  const tokens = reply.split('.');
  const at = tokens.length === SHORT_REPLY ? 5 : 7;
  return {
    seq: Number(tokens[at]),
    order: Number(tokens[at + 1]),
    storedAtMs: Math.floor(Number(tokens[at + 2]) / NANOS_PER_MS),
  };
}

/** Tokens of a reply subject without a domain. */
const SHORT_REPLY = 9;

function replyOf(message: JsMsg): string {
  const { reply } = inner(message) as { readonly reply?: string };
  return reply ?? '';
}

/** The message of NATS inside of one of JetStream, where the client lets it be seen. */
function inner(message: JsMsg): { readonly headers?: MsgHdrs | undefined; readonly data: Uint8Array } {
  return 'msg' in message && typeof message.msg === 'object' && message.msg !== null
    ? (message.msg as Msg) // a JsMsg is made of one
    : message;
}
