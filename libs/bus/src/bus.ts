import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';

export interface Delivery {
  subject: string;
  /** W3C trace context of the sender, where it sent one. */
  traceparent: string | undefined;
  headers: MsgHdrs | undefined;
}

export interface SendOptions {
  traceparent?: string;
  headers?: Readonly<Record<string, string>>;
  /** Instead of both: headers that are printed already, ASCII, each `name: value` ended by CR LF. */
  lines?: string;
}

export interface RequestOptions<S extends z.ZodType> extends SendOptions {
  reply: S;
  /** Default 5,000 ms. */
  timeoutMs?: number;
}

export interface Listening {
  /** No more messages are asked for. Requests that are on their way already are still answered: somebody waits for each. */
  stop(): void;
}

export interface ServiceSeen {
  name: string;
  id: string;
  version: string;
}

/**
 * What services and the SDK need of NATS. Bodies are JSON; what arrives is parsed by the schema that is given.
 *
 * B1. `request` ends: with the reply, with the error that the responder threw, with `bus-unavailable` (not connected,
 *     nobody listens, connection lost while waiting; only `NobodyListensError` says that nobody can have received it) or
 *     `timeout`, or with `internal` where the answer is not what the schema of the reply says. It is never repeated by the
 *     bus.
 * B2. `publish` throws `bus-unavailable` while disconnected: the client would drop it without a word.
 * B3. A handler that throws answers its request with the error as problem details; a message that does not fit its
 *     schema answers `invalid-request` and never reaches the handler.
 */
export interface Bus {
  request<S extends z.ZodType>(
    subject: string,
    body: unknown,
    options: RequestOptions<S>,
  ): Promise<z.output<S>>;
  respond<S extends z.ZodType>(
    subject: string,
    options: { queue?: string; request: S },
    handler: (body: z.output<S>, delivery: Delivery) => unknown,
  ): Listening;
  publish(subject: string, body: unknown, options?: SendOptions): void;
  subscribe<S extends z.ZodType>(
    subject: string,
    options: { queue?: string; schema: S },
    handler: (body: z.output<S>, delivery: Delivery) => void,
  ): Listening;
  /** Publishes to a JetStream stream and resolves with its sequence once the server has stored it. */
  publishStored(
    subject: string,
    body: unknown,
    options: { messageId: string } & SendOptions,
  ): Promise<{ seq: number; duplicate: boolean }>;
  /** Round trip to the server in milliseconds; throws when there is none. */
  rttMs(): Promise<number>;
  readonly connected: boolean;
  readonly serverVersion: string;
  /** Called whenever the connection is lost. */
  onDisconnect(listener: () => void): void;
  /** Called after every reconnect. */
  onReconnect(listener: () => void): void;
  /** Announces this process to `$SRV.PING|INFO|STATS` (NATS micro protocol, ADR-32). */
  announce(service: { name: string; version: string; description: string }): Listening;
  /** All instances that answer `$SRV.PING` within `waitMs`. */
  services(waitMs: number): Promise<ServiceSeen[]>;
  /** The connection itself, for JetStream consumers and buckets. */
  readonly connection: NatsConnection;
  /**
   * Takes nothing new, lets the handlers of requests finish and their answers leave, and closes; after a grace of 5 s (see
   * `BusOptions.closeGraceMs`) it closes all the same. What waits for a reply then is rejected with `bus-unavailable`.
   */
  close(): Promise<void>;
}
