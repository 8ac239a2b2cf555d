import { MultiswarmError } from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import { startSpan, type Logger } from '@multiswarm/telemetry';
import type { z } from 'zod';
import type { Operation } from './operations';
import { withRetry } from './retry';
import type { Transport } from './transport';
import type { AskedBy } from './types';

export interface PortOptions {
  transport: Transport;
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Logger;
  requestTimeoutMs: number;
  retryForMs: number;
  /** Who asks, where a call does not say it. */
  requestedBy?: string | undefined;
}

export interface AskOptions {
  signal?: AbortSignal | undefined;
  /** The signal ends the repeating only, never a try that is under way. */
  finishTry?: boolean;
  /** Time that the server itself may take before it answers. */
  waitMs?: number;
  /** Default: the client's `retryForMs`. */
  forMs?: number;
}

/** A transport, with the retries, the trace and the time limits that every request of a client has. */
export class Port {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;

  private isClosed = false;

  constructor(private readonly options: PortOptions) {
    this.transport = options.transport;
    this.clock = options.clock;
    this.ids = options.ids;
    this.log = options.log;
  }

  /** One request, repeated while it fails in a way that passes. Every operation may be repeated: submissions carry a key. */
  async ask<Body, S extends z.ZodType>(
    operation: Operation<Body, S>,
    body: Body,
    options: AskOptions = {},
  ): Promise<z.output<S>> {
    if (this.isClosed)
      throw new MultiswarmError('invalid-request', 'this client was closed: connect another one');
    const timeoutMs = this.timeoutFor(options.waitMs ?? 0);
    const span = startSpan(`multiswarm.client ${operation.subject}`, { kind: 'client' });
    const signal = options.finishTry ? undefined : options.signal;
    try {
      const reply = await this.retry(
        () => this.transport.call(operation, body, { timeoutMs, signal, traceparent: span.traceparent }),
        options,
      );
      span.end();
      return reply;
    } catch (given) {
      const error = given instanceof TypeError ? unprintable(given) : given;
      span.end(error);
      throw error;
    }
  }

  /** Who asks: the one of the call, else the one of the client, else nobody is named. */
  by({ requestedBy = this.options.requestedBy }: AskedBy = {}): AskedBy {
    return requestedBy === undefined ? {} : { requestedBy };
  }

  /** How long one try waits for its answer, which itself may take so long. */
  timeoutFor(ms: number): number {
    return this.options.requestTimeoutMs + Math.ceil(ms);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.transport.close();
  }

  retry<T>(
    attempt: () => Promise<T>,
    { signal, forMs = this.options.retryForMs }: AskOptions = {},
  ): Promise<T> {
    const { clock, random } = this.options;
    return withRetry(attempt, { clock, random, forMs, signal });
  }
}

/** @throws MultiswarmError `invalid-request` for what is no JSON */
export function printJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw error instanceof TypeError ? unprintable(error) : error;
  }
}

/** Nothing else that is done for a request throws a TypeError. */
function unprintable(cause: TypeError): MultiswarmError {
  return new MultiswarmError('invalid-request', `what was given cannot be sent as JSON: ${cause.message}`, {
    cause,
  });
}
