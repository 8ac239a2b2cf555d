import { SDK_LIMITS } from '../limits';

/** Says of itself how to end. */
interface Sending {
  giveUp(): void;
}

/** What all attempts of a swarm have said and is not stored yet: how much of it there may be, and its end with the swarm. */
export class StreamRoom {
  private readonly sending = new Set<Sending>();
  private bytes = 0;
  private stopped = false;

  /** There is too much of it, whoever has said it; after the stop, anything. */
  get isFull(): boolean {
    return this.stopped || this.bytes > SDK_LIMITS.STREAM_TOTAL_BYTES;
  }

  /** @param bytes negative where they have left */
  count(bytes: number): void {
    this.bytes += bytes;
  }

  begins(stream: Sending): void {
    this.sending.add(stream);
  }

  ends(stream: Sending): void {
    this.sending.delete(stream);
  }

  /** What is not stored by now is given up. */
  stop(): void {
    this.stopped = true;
    for (const stream of this.sending) stream.giveUp();
  }
}
