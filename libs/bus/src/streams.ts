import {
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type ConsumerMessages,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

export interface StreamOptions {
  name: string;
  subjects: string[];
  maxAgeMs: number;
  maxBytes: number;
  replicas: number;
  /** Window in which a repeated message id is stored once. */
  dedupWindowMs: number;
}

const NANOS_PER_MS = 1_000_000;

/** Creates the stream, or brings an existing one to these limits. File storage; the oldest message goes first at a limit. */
export async function ensureStream(connection: NatsConnection, options: StreamOptions): Promise<void> {
  const manager = await jetstreamManager(connection);
  const config = {
    name: options.name,
    subjects: options.subjects,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: options.maxAgeMs * NANOS_PER_MS,
    max_bytes: options.maxBytes,
    num_replicas: options.replicas,
    duplicate_window: options.dedupWindowMs * NANOS_PER_MS,
  };
  const exists = async (): Promise<boolean> =>
    manager.streams.info(options.name).then(
      () => true,
      () => false,
    );
  if (await exists()) await manager.streams.update(options.name, config);
  else {
    // Another replica may be making it at this moment: then ours is refused, and the stream is there all the same.
    await manager.streams.add(config).catch(async (error: unknown) => {
      if (!(await exists())) throw error;
    });
  }
}

export interface StreamRange {
  firstSeq: number;
  lastSeq: number;
}

export async function streamRange(connection: NatsConnection, name: string): Promise<StreamRange> {
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(name);
  return { firstSeq: state.first_seq, lastSeq: state.last_seq };
}

export interface Replayed {
  seq: number;
  text: string;
}

/**
 * Reads a stream in order from a sequence on, for ever, until the returned `close` is called. The ordered consumer of the
 * client recreates itself after gaps and reconnects, so what is yielded has no holes except those the stream has dropped.
 */
export async function readStream(
  connection: NatsConnection,
  name: string,
  startSeq: number,
): Promise<{ messages: AsyncIterable<Replayed>; close: () => void }> {
  const consumer = await jetstream(connection).consumers.get(name, {
    deliver_policy: 'by_start_sequence',
    opt_start_seq: Math.max(1, startSeq),
  });
  const messages: ConsumerMessages = await consumer.consume({ max_messages: 256 });
  return {
    messages: {
      async *[Symbol.asyncIterator]() {
        for await (const message of messages) yield { seq: message.seq, text: message.string() };
      },
    },
    // close() awaits the end of the loop that iterates it; called from inside that loop it would wait for itself.
    close: () => messages.stop(),
  };
}
