import { subjects } from '@multiswarm/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';

const SUCCEEDED = Buffer.from('"type":"workflow.succeeded"');
const ENDED_OTHERWISE = [Buffer.from('"type":"workflow.failed"'), Buffer.from('"type":"workflow.cancelled"')];

/**
 * Tells when a workflow has ended well, by the live events: the answer to who waits for one lists its steps, and that of a run of
 * thousands is work that is none of the engine's. Messages are searched for bytes, as in `Completions`. One run at a time.
 */
export class RunEnds {
  private readonly subscription: Subscription;
  private waiting: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(connection: NatsConnection) {
    this.subscription = connection.subscribe(subjects.allEvents(), {
      callback: (error, message) => {
        if (error) this.waiting?.reject(error);
        else this.see(message.data);
      },
    });
  }

  /** Resolves with the next end of a run. To be asked for before the run is handed in. */
  next(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  stop(): void {
    this.subscription.unsubscribe();
  }

  private see(data: Uint8Array): void {
    const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (body.includes(SUCCEEDED)) this.waiting?.resolve();
    else if (ENDED_OTHERWISE.some((type) => body.includes(type)))
      this.waiting?.reject(new Error(`a workflow did not succeed: ${body.toString()}`));
  }
}
