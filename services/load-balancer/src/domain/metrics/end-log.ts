import type { LbReport } from '@multiswarm/contracts';

/** How a request ended. */
export interface End {
  readonly reservationId: string;
  /** Monotonic, ms. */
  readonly atMs: number;
  readonly succeeded: boolean;
  /** Where it is known. */
  readonly durationMs: number | undefined;
}

type Outcome = LbReport['outcomes'][number];

/** What never ran, or was stopped by somebody, says nothing of how well requests go. */
const SHOWN: Readonly<Partial<Record<Outcome['outcome'], boolean>>> = {
  succeeded: true,
  failed: false,
  lost: false,
  'timed-out': false,
};

/** The last ends that were heard of, in a ring: `capacity` at most, the oldest makes room. */
export class EndLog {
  private readonly ring: End[] = [];
  private next = 0;

  constructor(private readonly capacity: number) {}

  add({ reservationId, outcome, durationMs }: Outcome, atMs: number): void {
    const succeeded = SHOWN[outcome];
    if (succeeded === undefined) return;
    this.ring[this.next] = { reservationId, atMs, succeeded, durationMs };
    this.next = (this.next + 1) % this.capacity;
  }

  get isFull(): boolean {
    return this.ring.length === this.capacity;
  }

  /** Newest first. */
  *newest(): IterableIterator<End> {
    const { length } = this.ring;
    for (let back = 1; back <= length; back += 1)
      yield this.ring[(this.next - back + length) % length] as End;
  }
}
