import type { Msg } from '@nats-io/transport-node';
import type { Clock } from '@multiswarm/core';

/**
 * Answers of one turn of the event loop leave in one write: the client of NATS begins another one for each answer that
 * comes a promise or two later than the others. With 256 requests in flight that was a fifth of the processor time of all
 * processes, since small writes also wake their readers for little.
 */
export class Answers {
  private waiting: { message: Msg; reply: string }[] = [];

  /** @param onSent how many have been handed to the client, or failed */
  constructor(
    private readonly clock: Clock,
    private readonly onFault: (error: unknown, subject: string) => void,
    private readonly onSent: (count: number) => void,
  ) {}

  add(message: Msg, reply: string): void {
    if (this.waiting.length === 0) this.clock.soon(() => this.send());
    this.waiting.push({ message, reply });
  }

  private send(): void {
    const sent = this.waiting;
    this.waiting = [];
    for (const { message, reply } of sent) {
      try {
        message.respond(reply);
      } catch (error) {
        this.onFault(error, message.subject);
      }
    }
    this.onSent(sent.length);
  }
}
