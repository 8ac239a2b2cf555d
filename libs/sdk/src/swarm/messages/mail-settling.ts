import type { Generation, MailDelivery, MailReader } from '@multiswarm/messaging';
import type { Failure, Settling } from './inbox';

/** How what a reader has handed over is settled. A class: an object with accessors of its own is costly to make for each message. */
export class MailSettling implements Settling {
  readonly seq: number;
  readonly storedAtMs: number;

  constructor(
    private readonly delivery: MailDelivery,
    private readonly reader: Pick<MailReader, 'ack' | 'nak' | 'release'>,
  ) {
    this.seq = delivery.seq;
    this.storedAtMs = delivery.storedAtMs;
  }

  /** As it is when it is asked for: it may be handed over again meanwhile. */
  get generation(): Generation {
    return this.delivery.generation;
  }

  ack(): void {
    this.reader.ack(this.seq);
  }

  nak(failure: Failure): void {
    this.reader.nak({ seq: this.seq, ...failure });
  }

  release(): void {
    this.reader.release(this.seq);
  }
}
