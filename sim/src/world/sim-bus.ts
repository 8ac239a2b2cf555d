import {
  decodeReply,
  encodeError,
  encodeOk,
  exceeds,
  NobodyListensError,
  type Bus,
  type Delivery,
  type Listening,
  type RequestOptions,
  type SendOptions,
  type ServiceSeen,
} from '@multiswarm/bus';
import { MultiswarmError, parseOrThrow } from '@multiswarm/contracts';
import { within, type Cancel } from '@multiswarm/core';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import { CENTRE } from './geography';
import type { Message, NatsServer, Peer, Subscription } from './nats-server';
import type { SimProcess } from './process';
import { delayOf } from './weather';
import { short, SubjectPattern } from './subjects';

const DEFAULT_TIMEOUT_MS = 5_000;
const CLOSE_GRACE_MS = 5_000;
const IN_ORDER_MS = 0.001;
const MAX_PAYLOAD = 1024 * 1024;

interface Pending {
  resolve(text: string): void;
  reject(error: unknown): void;
  cancel: Cancel;
}

/** What leaves a process, at the moment in which it leaves. */
export interface Wiretap {
  sent(process: SimProcess, subject: string, body: unknown): void;
  received(process: SimProcess, subject: string, request: unknown): void;
  replied(process: SimProcess, subject: string, request: unknown, reply: unknown): void;
}

export interface SimBusParts {
  process: SimProcess;
  server: NatsServer;
  tap: Wiretap;
  onFault: (error: unknown, subject: string) => void;
  services: Map<SimBus, ServiceSeen>;
}

/** The bus of one process on the simulated server. B1 to B3 of `Bus` hold as they do on the real one. */
export class SimBus implements Bus, Peer {
  link: Peer['link'] = 'up';
  linkNumber = 0;
  readonly process: SimProcess;
  readonly serverVersion = 'simulated';
  private readonly pending = new Map<number, Pending>();
  private readonly open = new Set<Subscription>();
  private readonly disconnected: (() => void)[] = [];
  private readonly reconnected: (() => void)[] = [];
  private requests = 0;
  private handling = 0;
  private whenHandled: () => void = () => undefined;
  private storedAt = 0;
  private closed = false;

  constructor(private readonly parts: SimBusParts) {
    this.process = parts.process;
    parts.server.connect(this);
  }

  get connected(): boolean {
    return this.link !== 'down' && !this.closed;
  }

  /**
   * Only what the server says of itself: consumers and buckets of JetStream are not simulated, nor are messages between swarms, so that
   * nothing ever comes to whoever listens for them.
   */
  get connection(): NatsConnection {
    const deaf: Pick<NatsConnection, 'subscribe'> = {
      // Whoever listens here only ever stops.
      subscribe: () => ({ unsubscribe: () => undefined }) as ReturnType<NatsConnection['subscribe']>,
    };
    return { info: { max_payload: MAX_PAYLOAD }, ...deaf } as NatsConnection;
  }

  async request<S extends z.ZodType>(
    subject: string,
    body: unknown,
    options: RequestOptions<S>,
  ): Promise<z.output<S>> {
    const text = await this.ask(subject, body, options, (message, answer) => {
      if (this.parts.server.route(message) === 0)
        this.parts.server.tell(this, `nobody on ${short(subject)}`, () => answer(undefined));
    });
    return parseOrThrow(options.reply, decodeReply(text), 'internal');
  }

  respond<S extends z.ZodType>(
    subject: string,
    options: { queue?: string; request: S },
    handler: (body: z.output<S>, delivery: Delivery) => unknown,
  ): Listening {
    const subscription = this.listen(
      subject,
      options.queue,
      (message) => void this.answer(message, options.request, handler),
    );
    // What is on its way already is still answered.
    return { stop: () => this.parts.server.unsubscribe(subscription) };
  }

  publish(subject: string, body: unknown, options: SendOptions = {}): void {
    const message = this.message(subject, body, options);
    this.process.sends(subject, () => {
      this.parts.tap.sent(this.process, subject, body);
      this.parts.server.route(message);
    });
  }

  subscribe<S extends z.ZodType>(
    subject: string,
    options: { queue?: string; schema: S },
    handler: (body: z.output<S>, delivery: Delivery) => void,
  ): Listening {
    const subscription = this.listen(subject, options.queue, (message) => {
      // Dropped, unlike a request: nobody waits for it.
      if (!this.open.has(subscription)) return;
      try {
        handler(parsedOnce(message, options.schema), deliveryOf(message));
      } catch (error) {
        this.parts.onFault(error, message.subject);
      }
    });
    return {
      stop: () => {
        this.open.delete(subscription);
        this.parts.server.unsubscribe(subscription);
      },
    };
  }

  async publishStored(
    subject: string,
    body: unknown,
    options: { messageId: string } & SendOptions,
  ): Promise<{ seq: number; duplicate: boolean }> {
    const { server } = this.parts;
    const text = await this.ask(subject, body, options, (message, answer) => {
      if (this.link !== 'up' || server.geography.way(this.process.site, CENTRE) !== 'open') return;
      // One connection, one order: what is published to a stream does not overtake what was published before.
      this.storedAt = Math.max(
        this.storedAt + IN_ORDER_MS,
        server.timeline.now + delayOf(server.weather, server.random),
      );
      const { linkNumber } = this;
      server.timeline.at(this.storedAt, undefined, `store ${options.messageId}`, () => {
        if (this.linkNumber !== linkNumber) return;
        const stored = server.log.store(subject, message.text, options.messageId);
        server.route({ ...message, reply: undefined });
        server.tell(this, `stored ${options.messageId}`, () => answer(JSON.stringify(stored)));
      });
    });
    return JSON.parse(text) as { seq: number; duplicate: boolean };
  }

  rttMs(): Promise<number> {
    if (!this.connected)
      return Promise.reject(new MultiswarmError('bus-unavailable', 'not connected to NATS'));
    const { server } = this.parts;
    const from = this.process.clock.monotonic();
    const answer = new Promise<number>((resolve) => {
      if (this.link === 'up') server.tell(this, 'pong', () => resolve(this.process.clock.monotonic() - from));
    });
    return within(this.process.clock, DEFAULT_TIMEOUT_MS, answer, () => {
      throw new MultiswarmError('timeout', 'NATS did not answer');
    });
  }

  onDisconnect(listener: () => void): void {
    this.disconnected.push(listener);
  }

  onReconnect(listener: () => void): void {
    this.reconnected.push(listener);
  }

  announce({ name, version }: { name: string; version: string; description: string }): Listening {
    this.parts.services.set(this, { name, version, id: this.process.name });
    return { stop: () => void this.parts.services.delete(this) };
  }

  services(waitMs: number): Promise<ServiceSeen[]> {
    return new Promise((resolve) => {
      this.process.clock.after(waitMs, () => {
        const { server, services } = this.parts;
        resolve(
          [...services]
            .filter(([bus]) => bus.link === 'up' && server.way(this, bus) === 'open')
            .map(([, seen]) => seen),
        );
      });
    });
  }

  async close(): Promise<void> {
    for (const subscription of this.open) this.parts.server.unsubscribe(subscription);
    const handled =
      this.handling === 0 ? Promise.resolve() : new Promise<void>((resolve) => (this.whenHandled = resolve));
    await within(this.process.clock, CLOSE_GRACE_MS, handled, () => undefined);
    this.closed = true;
    this.parts.services.delete(this);
    this.parts.server.disconnect(this);
    this.rejectPending();
  }

  lost(): void {
    this.rejectPending();
    for (const listener of this.disconnected) listener();
  }

  restored(): void {
    for (const listener of this.reconnected) listener();
  }

  /** Sends something that is answered, and ends as B1 says. */
  private async ask(
    subject: string,
    body: unknown,
    options: SendOptions & { timeoutMs?: number },
    send: (message: Message, answer: (text: string | undefined) => void) => void,
  ): Promise<string> {
    const message = this.message(subject, body, options);
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const token = this.requests++;
    return new Promise<string>((resolve, reject) => {
      const cancel = this.process.clock.after(timeoutMs, () => {
        this.take(token)?.reject(
          new MultiswarmError('timeout', `no answer on ${subject} within ${timeoutMs} ms`),
        );
      });
      this.pending.set(token, { resolve, reject, cancel });
      const answer = (text: string | undefined): void => {
        const waiting = this.take(token);
        if (text !== undefined) waiting?.resolve(text);
        else waiting?.reject(new NobodyListensError());
      };
      this.process.sends(subject, () => {
        this.parts.tap.sent(this.process, subject, body);
        send({ ...message, reply: answer }, answer);
      });
    });
  }

  private take(token: number): Pending | undefined {
    const waiting = this.pending.get(token);
    this.pending.delete(token);
    waiting?.cancel();
    return waiting;
  }

  private rejectPending(): void {
    for (const token of [...this.pending.keys()])
      this.take(token)?.reject(
        new MultiswarmError('bus-unavailable', 'the connection to NATS was lost while waiting for an answer'),
      );
  }

  private listen(
    subject: string,
    queue: string | undefined,
    deliver: (message: Message) => void,
  ): Subscription {
    const subscription: Subscription = { pattern: new SubjectPattern(subject), queue, peer: this, deliver };
    this.open.add(subscription);
    this.parts.server.subscribe(subscription);
    return subscription;
  }

  private async answer<S extends z.ZodType>(
    message: Message,
    schema: S,
    handler: (body: z.output<S>, delivery: Delivery) => unknown,
  ): Promise<void> {
    const { server, tap, onFault } = this.parts;
    this.handling += 1;
    const request: unknown = JSON.parse(message.text);
    tap.received(this.process, message.subject, request);
    let value: unknown;
    let reply: string;
    try {
      value = await handler(parseOrThrow(schema, request), deliveryOf(message));
      reply = encodeOk(value);
      if (exceeds(reply, MAX_PAYLOAD))
        throw new MultiswarmError('body-too-large', `the answer on ${message.subject} is too large`);
    } catch (error) {
      value = error;
      reply = encodeError(error, MAX_PAYLOAD);
      if (!(error instanceof MultiswarmError)) onFault(error, message.subject);
    }
    this.process.sends(`re ${message.subject}`, () => {
      tap.replied(this.process, message.subject, request, value);
      server.carry(this, message.from, `re ${short(message.subject)}`, () => message.reply?.(reply));
    });
    this.handling -= 1;
    if (this.handling === 0) this.whenHandled();
  }

  private message(subject: string, body: unknown, options: SendOptions): Message {
    const text = JSON.stringify(body);
    if (!this.connected) throw new MultiswarmError('bus-unavailable', 'not connected to NATS');
    if (exceeds(text, MAX_PAYLOAD))
      throw new MultiswarmError('body-too-large', `a message to ${subject} is too large`);
    return { subject, text, traceparent: options.traceparent, from: this };
  }
}

function deliveryOf({ subject, traceparent }: Message): Delivery {
  return { subject, traceparent, headers: undefined };
}

const parsed = new WeakMap<Message, Map<z.ZodType, unknown>>();

/** What many hear is parsed for all of them, and frozen, so that none of them can tell. */
function parsedOnce<S extends z.ZodType>(message: Message, schema: S): z.output<S> {
  const known = parsed.get(message) ?? new Map<z.ZodType, unknown>();
  parsed.set(message, known);
  if (!known.has(schema)) known.set(schema, deepFreeze(parseOrThrow(schema, JSON.parse(message.text))));
  return known.get(schema) as z.output<S>;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
