import type { Bus, Listening } from '@multiswarm/bus';
import {
  Message,
  MessageStatus,
  MessageSubmission,
  MultiswarmError,
  parseOrThrow,
  subjects,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { startSpan, type Logger } from '@multiswarm/telemetry';
import { SDK_LIMITS } from '../limits';
import type { MessageHandler, OutgoingMessage, SwarmMessages } from './types';

export interface MessagesOptions {
  swarmId: string;
  namespace: string;
  clock: Clock;
  log: Logger;
}

/** The name under which the communicator addresses broadcasts: one subject for all, so the sender hears itself too. */
const EVERYBODY = 'all';

/**
 * Messages between swarms, at most once.
 *
 * G1. A message reaches each handler at most once, and never after it has expired.
 * G2. Messages of one sender are handled in the order in which they came, one after the other.
 * G3. What arrives while the inbox is full is dropped, counted and logged.
 */
export class Messages implements SwarmMessages {
  private readonly handlers = new Map<string, Set<MessageHandler>>();
  private readonly conversations = new Map<string, Promise<void>>();
  private listening: Listening[] = [];
  private bus: Bus | undefined;
  private waiting = 0;
  private dropped = 0;

  constructor(private readonly options: MessagesOptions) {}

  open(bus: Bus): void {
    this.bus = bus;
    const { namespace, swarmId } = this.options;
    this.listening = [swarmId, EVERYBODY].map((to) =>
      bus.subscribe(subjects.mailFor(namespace, to), { schema: Message }, (message) => this.receive(message)),
    );
  }

  close(): void {
    for (const subscription of this.listening.splice(0)) subscription.stop();
    this.bus = undefined;
  }

  send(message: OutgoingMessage): Promise<MessageStatus> {
    return this.sendWithin(undefined, message);
  }

  /** The same, continuing the trace of whatever sends. */
  within(traceparent: string): Pick<SwarmMessages, 'send' | 'broadcast'> {
    return {
      send: (message) => this.sendWithin(traceparent, message),
      broadcast: (message) => this.sendWithin(traceparent, { ...message, to: '*' }),
    };
  }

  private async sendWithin(parent: string | undefined, message: OutgoingMessage): Promise<MessageStatus> {
    if (!this.bus)
      throw new MultiswarmError(
        'bus-unavailable',
        'the swarm is not started: start() it before it sends messages',
      );
    const { namespace, swarmId } = this.options;
    const submission = parseOrThrow(MessageSubmission, { ...message, from: swarmId, namespace });
    const span = startSpan('multiswarm.message.send', { kind: 'producer', parent });
    try {
      const status = await this.bus.request(subjects.messageSend(), submission, {
        reply: MessageStatus,
        traceparent: span.traceparent,
      });
      span.end();
      return status;
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  broadcast(message: Omit<OutgoingMessage, 'to'>): Promise<MessageStatus> {
    return this.send({ ...message, to: '*' });
  }

  on(kind: string, handler: MessageHandler): () => void {
    const handlers = this.handlers.get(kind) ?? new Set();
    this.handlers.set(kind, handlers.add(handler));
    return () => void handlers.delete(handler);
  }

  private receive(message: Message): void {
    const handlers = [...(this.handlers.get(message.kind) ?? []), ...(this.handlers.get('*') ?? [])];
    if (message.from === this.options.swarmId || handlers.length === 0) return;
    if (this.waiting >= SDK_LIMITS.INBOX_MESSAGES) {
      this.drop(message, 'the inbox is full');
      return;
    }
    this.waiting += 1;
    const before = this.conversations.get(message.from) ?? Promise.resolve();
    const turn = before.then(() => this.deliver(message, handlers));
    this.conversations.set(message.from, turn);
    void turn.then(() => {
      this.waiting -= 1;
      if (this.conversations.get(message.from) === turn) this.conversations.delete(message.from);
    });
  }

  private async deliver(message: Message, handlers: readonly MessageHandler[]): Promise<void> {
    if (message.expiresAt !== undefined && Date.parse(message.expiresAt) <= this.options.clock.now()) {
      this.drop(message, 'it has expired');
      return;
    }
    await Promise.all(handlers.map((handler) => this.call(handler, message)));
  }

  private async call(handler: MessageHandler, message: Message): Promise<void> {
    try {
      await handler(message);
    } catch (error) {
      this.log(message).error('the handler of a message failed; it is not delivered again', { error });
    }
  }

  private drop(message: Message, reason: string): void {
    this.dropped += 1;
    this.log(message).warn('a message was dropped', { reason, droppedSoFar: this.dropped });
  }

  private log({ id, from, kind, traceparent }: Message): Logger {
    return this.options.log.child({
      messageId: id,
      from,
      kind,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
  }
}
