import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { MultiswarmError } from '@multiswarm/contracts';
import { ofClient, type WireBody, type WireHeaders } from './wire-headers';

const NANOS_PER_MS = 1_000_000;
/** A reader that is not asked for so long is removed by the server. */
const IDLE_MS = 30_000;
const FETCH_MS = 3_000;
const AT_ONCE = 500;

/** What the headers of a stored message say. */
export interface StoredHead {
  seq: number;
  subject: string;
  headers: WireHeaders | undefined;
  /** Of its body. */
  bytes: number;
}

/** A stored message. */
export interface StoredWire extends StoredHead, WireBody {
  headers: WireHeaders | undefined;
}

/**
 * The messages on a subject that there are now, from a sequence on, without their bodies, in the order of their sequences.
 * @throws MultiswarmError `bus-unavailable` where JetStream does not answer
 */
export async function* storedHeads(
  connection: NatsConnection,
  stream: string,
  { subject, seq }: { subject: string; seq: number },
): AsyncGenerator<StoredHead> {
  const manager = await jetstreamManager(connection);
  const { name, num_pending: pending } = await manager.consumers
    .add(stream, {
      filter_subject: subject,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, seq),
      ack_policy: AckPolicy.None,
      headers_only: true,
      inactive_threshold: IDLE_MS * NANOS_PER_MS,
      mem_storage: true,
    })
    .catch((error: unknown) => unanswered(stream, error));
  const consumer = await jetstream(connection).consumers.get(stream, name);
  try {
    let left = pending;
    while (left > 0) {
      const fetched = await consumer.fetch({ max_messages: Math.min(AT_ONCE, left), expires: FETCH_MS });
      let isEmpty = true;
      for await (const message of fetched) {
        isEmpty = false;
        left = message.info.pending;
        const bytes = Number(message.headers?.get('Nats-Msg-Size') ?? 0);
        yield {
          seq: message.seq,
          subject: message.subject,
          headers: message.headers && ofClient(message.headers),
          bytes,
        };
      }
      if (isEmpty) return; // what was left is gone meanwhile
    }
  } finally {
    // It is removed by the server, too, when nobody asks it.
    await consumer.delete().catch(() => false);
  }
}

/** One message; undefined where there is none. @throws MultiswarmError `bus-unavailable` */
export async function storedAt(
  connection: NatsConnection,
  stream: string,
  seq: number,
): Promise<StoredWire | undefined> {
  const manager = await jetstreamManager(connection);
  const message = await manager.streams.getMessage(stream, { seq }).catch((error: unknown) => {
    if (isNoMessage(error)) return null;
    return unanswered(stream, error);
  });
  if (message === null) return undefined;
  const { subject, header, data } = message;
  return { seq: message.seq, subject, headers: ofClient(header), data, bytes: data.length };
}

/** Codes of JetStream for a message that is not there. */
const NO_MESSAGE: ReadonlySet<unknown> = new Set([10_037, 10_043, 10_057]);

function isNoMessage(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && NO_MESSAGE.has(error.code);
}

function unanswered(stream: string, cause: unknown): never {
  throw new MultiswarmError('bus-unavailable', `JetStream does not answer for the stream ${stream}`, {
    cause,
  });
}
