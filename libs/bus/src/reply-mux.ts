import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { MultiswarmError } from '@multiswarm/contracts';
import { SlotMap, type Cancel, type Clock } from '@multiswarm/core';
import { NobodyListensError } from './nobody-listens';
import { sendFault } from './send-fault';

interface Pending {
  resolve(message: Msg): void;
  reject(error: unknown): void;
  cancel: Cancel;
}

/**
 * Request-reply over one wildcard subscription and plain publish. The client's own request() builds an object, a promise
 * race and a stack trace per call and reaches less than half of this rate at 64 requests in flight (see `bench/`).
 *
 * M1. Every request leaves the table exactly once: by its reply, its timeout, "no responders" or a lost connection.
 */
export class ReplyMux {
  private readonly pending = new SlotMap<string, Pending>();
  private readonly prefix: string;
  private counter = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly clock: Clock,
    unique: string,
  ) {
    this.prefix = `_INBOX.${unique}.`;
    connection.subscribe(`${this.prefix}*`, {
      callback: (_error, message) => this.onReply(message),
    });
  }

  request(subject: string, payload: Uint8Array | string, timeoutMs: number, headers?: MsgHdrs): Promise<Msg> {
    const token = (this.counter++).toString(36);
    return new Promise<Msg>((resolve, reject) => {
      const cancel = this.clock.after(timeoutMs, () => {
        this.pending.delete(token);
        reject(new MultiswarmError('timeout', `no answer on ${subject} within ${timeoutMs} ms`));
      });
      this.pending.set(token, { resolve, reject, cancel });
      try {
        this.connection.publish(subject, payload, {
          reply: this.prefix + token,
          ...(headers ? { headers } : {}),
        });
      } catch (error) {
        this.take(token)?.reject(sendFault(error, subject));
      }
    });
  }

  /** The reply to anything under way may be lost with the connection: the callers decide about repeating. */
  connectionLost(): void {
    for (const token of [...this.pending.keys()]) {
      this.take(token)?.reject(
        new MultiswarmError('bus-unavailable', 'the connection to NATS was lost while waiting for an answer'),
      );
    }
  }

  private onReply(message: Msg): void {
    const waiting = this.take(message.subject.slice(this.prefix.length));
    if (!waiting) return;
    if (message.data.length === 0 && message.headers?.code === 503) {
      waiting.reject(new NobodyListensError());
    } else waiting.resolve(message);
  }

  private take(token: string): Pending | undefined {
    const waiting = this.pending.get(token);
    if (!waiting) return undefined;
    this.pending.delete(token);
    waiting.cancel();
    return waiting;
  }
}
