import {
  connect,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import { headers as names, MultiswarmError, parseOrThrow } from '@multiswarm/contracts';
import { systemClock, systemIds, type Clock, type Ids, within } from '@multiswarm/core';
import type { z } from 'zod';
import type { Bus, Delivery, Listening, RequestOptions, SendOptions, ServiceSeen } from './bus';
import { Answers } from './answers';
import { announce, discover } from './micro';
import { payloadOf, printed } from './printed';
import { linedHeaders, printedHeaders } from './printed-headers';
import { Received } from './received';
import { decodeReply, encodeError, encodeOk, exceeds } from './reply-envelope';
import { ReplyMux } from './reply-mux';
import { sendFault } from './send-fault';
import { StreamRefusal } from './stored';

export interface BusOptions {
  /** One URL or several, separated by commas. */
  servers: string;
  /** Shown in the server's list of connections. */
  name: string;
  /** Faults of messages that nobody waits for: malformed publishes, throwing subscribers. */
  onFault?: (error: unknown, subject: string) => void;
  /** How long `close` waits for handlers and for the server; 5,000 ms unless told. */
  closeGraceMs?: number;
  clock?: Clock;
  ids?: Ids;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_GRACE_MS = 5_000;
const PROTOCOL_VERSION = '1';

/** Connects, or throws `bus-unavailable` with the address and the remedy. Reconnects for ever afterwards. */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const servers = options.servers.split(',').map((server) => server.trim());
  let connection: NatsConnection;
  try {
    connection = await connect({
      servers,
      name: options.name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      timeout: CONNECT_TIMEOUT_MS,
      noAsyncTraces: true,
    });
  } catch (error) {
    throw new MultiswarmError(
      'bus-unavailable',
      `no NATS server answers at ${options.servers}: start one (nats-server -js) or set NATS_URL`,
      {
        cause: error,
      },
    );
  }
  return new NatsBus(connection, options);
}

class NatsBus implements Bus {
  private readonly clock: Clock;
  private readonly ids: Ids;
  private readonly mux: ReplyMux;
  private readonly disconnected: (() => void)[] = [];
  private readonly reconnected: (() => void)[] = [];
  private readonly listening = new Set<Subscription>();
  private handling = 0;
  private readonly answers: Answers;
  private whenHandled: () => void = () => undefined;
  private closing: Promise<void> | undefined;
  private readonly started: Date;
  private up = true;

  constructor(
    readonly connection: NatsConnection,
    private readonly options: BusOptions,
  ) {
    this.clock = options.clock ?? systemClock;
    this.ids = options.ids ?? systemIds;
    this.started = new Date(this.clock.now());
    this.mux = new ReplyMux(connection, this.clock, this.ids.next());
    this.answers = new Answers(
      this.clock,
      (error, subject) => this.options.onFault?.(error, subject),
      (count) => this.answered(count),
    );
    void this.watch();
  }

  get connected(): boolean {
    return this.up && !this.connection.isClosed();
  }

  get serverVersion(): string {
    return this.connection.info?.version ?? 'unknown';
  }

  async request<S extends z.ZodType>(
    subject: string,
    body: unknown,
    options: RequestOptions<S>,
  ): Promise<z.output<S>> {
    const payload = this.encode(subject, printed(body));
    const message = await this.mux.request(
      subject,
      payload,
      options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      toHeaders(options),
    );
    // Not the caller's fault: the responder speaks another version, or it is none of ours.
    return parseOrThrow(options.reply, decodeReply(message.string()), 'internal');
  }

  respond<S extends z.ZodType>(
    subject: string,
    options: { queue?: string; request: S },
    handler: (body: z.output<S>, delivery: Delivery) => unknown,
  ): Listening {
    const { subscription } = this.listen(subject, options.queue, (message) => {
      this.answer(message, options.request, handler);
    });
    return {
      stop: () => {
        // Dropped, a request that was on its way would be found missing only by its timeout. `close` waits for these.
        void subscription.drain().then(
          () => this.listening.delete(subscription),
          () => this.listening.delete(subscription),
        );
      },
    };
  }

  publish(subject: string, body: unknown, options: SendOptions = {}): void {
    const payload = this.encode(subject, payloadOf(body));
    const headers = toHeaders(options);
    try {
      this.connection.publish(subject, payload, headers ? { headers } : {});
    } catch (error) {
      throw sendFault(error, subject);
    }
  }

  subscribe<S extends z.ZodType>(
    subject: string,
    options: { queue?: string; schema: S },
    handler: (body: z.output<S>, delivery: Delivery) => void,
  ): Listening {
    return this.listen(subject, options.queue, (message) => {
      try {
        handler(parseOrThrow(options.schema, JSON.parse(message.string())), new Received(message));
      } catch (error) {
        this.options.onFault?.(error, message.subject);
      }
    });
  }

  async publishStored(
    subject: string,
    body: unknown,
    options: { messageId: string } & SendOptions,
  ): Promise<{ seq: number; duplicate: boolean }> {
    const payload = this.encode(subject, payloadOf(body));
    const { traceparent, headers: more, messageId, lines } = options;
    const headers =
      lines === undefined
        ? toHeaders({
            ...(traceparent === undefined ? {} : { traceparent }),
            headers: { ...more, [names.messageId]: messageId },
          })
        : toHeaders({ lines: `${lines}${names.messageId}: ${messageId}\r\n` });
    const message = await this.mux.request(subject, payload, DEFAULT_TIMEOUT_MS, headers);
    const ack = JSON.parse(message.string()) as {
      seq?: number;
      duplicate?: boolean;
      error?: { code: number; err_code?: number; description?: string };
    };
    if (ack.error ?? ack.seq === undefined) {
      const { code = 0, err_code: errCode = code, description = 'no sequence' } = ack.error ?? {};
      throw new MultiswarmError(
        'bus-unavailable',
        `JetStream did not store the message on ${subject}: ${description}`,
        { cause: new StreamRefusal(errCode, description) },
      );
    }
    return { seq: ack.seq, duplicate: ack.duplicate ?? false };
  }

  async rttMs(): Promise<number> {
    if (!this.connected) throw new MultiswarmError('bus-unavailable', 'not connected to NATS');
    const roundTrip = this.connection.rtt().catch((error: unknown) => {
      throw new MultiswarmError('bus-unavailable', 'NATS does not answer', { cause: error });
    });
    return within(this.clock, DEFAULT_TIMEOUT_MS, roundTrip, () => {
      throw new MultiswarmError('timeout', `NATS did not answer within ${DEFAULT_TIMEOUT_MS} ms`);
    });
  }

  onDisconnect(listener: () => void): void {
    this.disconnected.push(listener);
  }

  onReconnect(listener: () => void): void {
    this.reconnected.push(listener);
  }

  announce(service: { name: string; version: string; description: string }): Listening {
    return announce(this.connection, service, this.ids.next(), this.started);
  }

  async services(waitMs: number): Promise<ServiceSeen[]> {
    if (!this.connected) throw new MultiswarmError('bus-unavailable', 'not connected to NATS');
    return discover(this.connection, this.clock, `_INBOX.${this.ids.next()}`, waitMs);
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    // A drain needs a server that answers; without one there is nothing to send any more.
    const graceMs = this.options.closeGraceMs ?? CLOSE_GRACE_MS;
    if (this.connected) await within(this.clock, graceMs, this.drain(), () => undefined);
    await this.connection.close();
    this.mux.connectionLost();
  }

  /** First nothing new comes in, then the handlers end (they may still send and ask), then what they sent leaves. */
  private async drain(): Promise<void> {
    await Promise.allSettled([...this.listening].map((subscription) => subscription.drain()));
    if (this.handling > 0) await new Promise<void>((resolve) => (this.whenHandled = resolve));
    await this.connection.drain().catch(() => undefined);
  }

  private listen(
    subject: string,
    queue: string | undefined,
    onMessage: (message: Msg) => void,
  ): Listening & { subscription: Subscription } {
    const subscription = this.connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error) this.options.onFault?.(error, subject);
        else onMessage(message);
      },
    });
    this.listening.add(subscription);
    return {
      subscription,
      stop: () => {
        this.listening.delete(subscription);
        subscription.unsubscribe();
      },
    };
  }

  /** What a handler returns at once is answered at once: a promise for each request costs more than the rest of the way. */
  private answer<S extends z.ZodType>(
    message: Msg,
    schema: S,
    handler: (body: z.output<S>, delivery: Delivery) => unknown,
  ): void {
    let given: unknown;
    try {
      given = handler(parseOrThrow(schema, parseJson(message)), new Received(message));
    } catch (error) {
      this.answers.send(message, this.refusal(error, message));
      return;
    }
    if (given instanceof Promise) void this.answerLater(message, given);
    else this.answers.send(message, this.acceptance(given, message));
  }

  private async answerLater(message: Msg, given: Promise<unknown>): Promise<void> {
    this.handling += 1;
    let reply: string;
    try {
      reply = this.acceptance(await given, message);
    } catch (error) {
      reply = this.refusal(error, message);
    }
    this.answers.add(message, reply);
  }

  private acceptance(value: unknown, message: Msg): string {
    try {
      const reply = encodeOk(value);
      if (!exceeds(reply, this.maxPayload)) return reply;
    } catch (error) {
      return this.refusal(error, message);
    }
    const { subject } = message;
    const what = `the answer on ${subject} is larger than the ${this.maxPayload} bytes that NATS carries`;
    return this.refusal(new MultiswarmError('body-too-large', what), message);
  }

  private refusal(error: unknown, { subject }: Msg): string {
    if (!(error instanceof MultiswarmError)) this.options.onFault?.(error, subject);
    return encodeError(error, this.maxPayload);
  }

  private answered(count: number): void {
    this.handling -= count;
    if (this.handling === 0) this.whenHandled();
  }

  private call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.options.onFault?.(error, 'connection');
    }
  }

  private get maxPayload(): number {
    return this.connection.info?.max_payload ?? 1024 * 1024;
  }

  /** In UTF-8. Small ones share the memory of the pool of buffers; what the client makes of a text has memory of its own, which costs more. */
  private encode(subject: string, payload: string | Uint8Array): Uint8Array {
    if (!this.connected) throw new MultiswarmError('bus-unavailable', 'not connected to NATS');
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (bytes.length > this.maxPayload) {
      throw new MultiswarmError(
        'body-too-large',
        `a message to ${subject} has ${bytes.length} bytes, NATS carries ${this.maxPayload}`,
      );
    }
    return bytes;
  }

  private async watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') {
        this.up = false;
        this.mux.connectionLost();
        this.disconnected.forEach((listener) => this.call(listener));
      } else if (status.type === 'reconnect') {
        this.up = true;
        this.reconnected.forEach((listener) => this.call(listener));
      } else if (status.type === 'error') this.options.onFault?.(status.error, 'connection');
    }
  }
}

function parseJson(message: Msg): unknown {
  try {
    return JSON.parse(message.string());
  } catch {
    throw new MultiswarmError('invalid-json', 'the message is not JSON');
  }
}

const VERSION_LINE = `${names.version}: ${PROTOCOL_VERSION}\r\n`;

function toHeaders({ traceparent, headers, lines }: SendOptions): MsgHdrs | undefined {
  if (lines !== undefined) return linedHeaders(VERSION_LINE + lines);
  if (traceparent === undefined && !headers) return undefined;
  return printedHeaders({
    [names.version]: PROTOCOL_VERSION,
    ...(traceparent === undefined ? {} : { [names.traceparent]: traceparent }),
    ...headers,
  });
}
