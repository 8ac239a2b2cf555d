import type { Msg } from '@nats-io/transport-node';
import type { Clock } from '@multiswarm/core';
import { TextBytes } from './text-bytes';

/**
 * Answers of one turn of the event loop leave in one write: the client of NATS begins another one for each answer that
 * comes a promise or two later than the others. With 256 requests in flight that was a fifth of the processor time of all
 * processes, since small writes also wake their readers for little.
 */
export class Answers {
  private waiting: { message: Msg; reply: string }[] = [];
  private readonly bytes = new TextBytes();

  /** @param onSent how many have been handed to the client, or failed */
  constructor(
    private readonly clock: Clock,
    private readonly onFault: (error: unknown, subject: string) => void,
    private readonly onSent: (count: number) => void,
  ) {}

  /** With those that come in the rest of this turn. */
  add(message: Msg, reply: string): void {
    if (this.waiting.length === 0) this.clock.soon(() => this.sendAll());
    this.waiting.push({ message, reply });
  }

  /** At once: for those that are made while what has come is read. The client writes them together when it has read all of it. */
  send(message: Msg, reply: string): void {
    try {
      message.respond(this.bytes.of(reply));
    } catch (error) {
      this.onFault(error, message.subject);
    }
  }

  private sendAll(): void {
    const sent = this.waiting;
    this.waiting = [];
    for (const { message, reply } of sent) this.send(message, reply);
    this.onSent(sent.length);
  }
}
