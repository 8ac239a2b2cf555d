import { lastStored, storeMessage, StreamRefusal, type Bus } from '@multiswarm/bus';
import { Json, LIMITS, MultiswarmError, streams, subjects, type JsonValue } from '@multiswarm/contracts';
import type { MailSites } from '@multiswarm/messaging';
import { createHash } from 'node:crypto';
import { KeptProcessed, ProcessedIds, type Effect } from './processed-ids';

const Kept = KeptProcessed.extend({ state: Json });

const CACHED = 1_000;
/** More than the headers of a write take. */
const HEADERS_BYTES = 1_024;
/** Of one UTF-16 unit in UTF-8. */
const MOST_BYTES_OF_CHAR = 3;
const WRITTEN = 'the state of the conversation was written by somebody else';

interface Known {
  state: JsonValue;
  processed: ProcessedIds;
  /** Sequence of the value in the stream; 0 where there is none. */
  revision: number;
}

/**
 * What a handler keeps of a conversation: its state, and the messages that are in it, as one value. It is written by compare-and-set, so a
 * message has its effect in the state once, whoever handles it, and however often it comes.
 */
export class ConversationStates {
  /** As they were written. Whoever reads one has it: handlers may change it in place. */
  private readonly cached = new Map<string, Known>();

  constructor(
    private readonly bus: Bus,
    private readonly sites: MailSites,
    private readonly namespace: string,
    private readonly swarm: string,
  ) {}

  /** The JetStream domain in which they are, once one was read. */
  get domain(): string | undefined {
    return this.sites.known;
  }

  /** For whoever asks alone: he may change it. @throws MultiswarmError `bus-unavailable` */
  async read(conversation: string): Promise<Known> {
    const cached = this.cached.get(conversation);
    this.cached.delete(conversation);
    return cached ?? this.latest(conversation);
  }

  /** The same, as the stream has it now: another process may have written. @throws MultiswarmError `bus-unavailable` */
  async latest(conversation: string): Promise<Known> {
    const stored = await this.asked(() =>
      this.subject(conversation).then((subject) =>
        lastStored(this.bus.connection, streams.conversations, subject),
      ),
    );
    return stored === undefined ? nothing() : fromStored(stored.data.toString('utf8'), stored.seq);
  }

  /** Whether what was read before is still so. @throws MultiswarmError `revision-conflict` where it is not, `bus-unavailable` */
  async assertLatest(conversation: string, { revision }: Known): Promise<void> {
    if ((await this.latest(conversation)).revision !== revision)
      throw new MultiswarmError('revision-conflict', WRITTEN);
  }

  /**
   * Writes the next state, with the messages that led to it.
   * @throws MultiswarmError `revision-conflict` where somebody else has written in between: read it again; `bus-unavailable` where it may
   *     have been written all the same; `state-too-large`, and it was not
   */
  async write(
    conversation: string,
    before: Known,
    state: JsonValue,
    effects: readonly Effect[],
  ): Promise<void> {
    const processed = before.processed.with(effects);
    const body = JSON.stringify({ state, ...processed.kept });
    this.assertFits(body);
    try {
      const options = { expectedLast: before.revision };
      const revision = await this.asked(() =>
        this.subject(conversation).then((subject) =>
          storeMessage(this.bus.connection, subject, body, options),
        ),
      );
      this.cache(conversation, { state, processed, revision });
    } catch (error) {
      // Whether it was written is not known, or somebody else has written: the stream knows.
      this.cached.delete(conversation);
      throw error;
    }
  }

  private assertFits(body: string): void {
    const carried = (this.bus.connection.info?.max_payload ?? Infinity) - HEADERS_BYTES;
    const most = Math.min(LIMITS.CONVERSATION_STATE_BYTES, carried);
    if (body.length * MOST_BYTES_OF_CHAR <= most) return;
    const bytes = Buffer.byteLength(body);
    if (bytes <= most) return;
    throw new MultiswarmError(
      'state-too-large',
      `the state of the conversation would have ${bytes} bytes with this message, with what is known of the messages in it; ` +
        `${most} is the most (CONVERSATION_STATE_BYTES, or what nats-server carries)`,
    );
  }

  private cache(conversation: string, known: Known): void {
    if (this.cached.size >= CACHED) this.cached.clear();
    this.cached.set(conversation, known);
  }

  /** With the domain: the stream of another one, where there is one, must not take what is written here. */
  private async subject(conversation: string): Promise<string> {
    const token = createHash('sha256').update(conversation).digest('base64url');
    return subjects.conversation(await this.sites.domain(), this.namespace, this.swarm, token);
  }

  private async asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      if (cause instanceof StreamRefusal && cause.isConflict) {
        throw new MultiswarmError('revision-conflict', WRITTEN, { cause });
      }
      throw new MultiswarmError('bus-unavailable', 'the state of a conversation cannot be reached', {
        cause,
      });
    }
  }
}

function nothing(): Known {
  return { state: null, processed: ProcessedIds.none(), revision: 0 };
}

function fromStored(text: string, revision: number): Known {
  const { state, ...processed } = Kept.parse(JSON.parse(text));
  return { state, processed: ProcessedIds.of(processed), revision };
}
