import type { Bus } from '@multiswarm/bus';
import { asMultiswarmError, MessageLocation, subjects } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { SDK_LIMITS } from '../../limits';

/** So long a recipient is taken to be there after the communicator has said so. */
const LOCATED_MS = 5_000;

/**
 * Which recipients are there: one that nobody knows is a mistake that should be told to whoever sends at most once. Where nobody can be
 * asked, the message goes out all the same.
 *
 * L1. Whoever asks while others wait for the same recipient waits behind them: messages stay in their order.
 */
export class Located {
  /** Until when a recipient is taken to be there, monotonic milliseconds. */
  private readonly untilMs = new Map<string, number>();
  private readonly asking = new Map<string, Promise<void>>();

  constructor(
    private readonly clock: Clock,
    private readonly from: string,
  ) {}

  /** Undefined where it is there: nothing has to be waited for. Rejects with `recipient-unknown`. */
  find(bus: Bus, to: string, traceparent: string): Promise<void> | undefined {
    const now = this.clock.monotonic();
    const until = this.untilMs.get(to);
    const asking = this.asking.get(to);
    if (until === undefined) return asking ?? this.ask(bus, to, traceparent);
    if (asking !== undefined) return asking;
    if (until <= now) {
      // Known before: who sends does not wait for the news.
      this.untilMs.set(to, now + LOCATED_MS);
      this.request(bus, to, traceparent).catch(() => undefined);
    }
    return undefined;
  }

  private ask(bus: Bus, to: string, traceparent: string): Promise<void> {
    const asked = this.request(bus, to, traceparent);
    this.asking.set(to, asked);
    const done = (): void => void this.asking.delete(to);
    // Two turns later: those that wait for it have gone by then.
    asked.then(noop, noop).then(done, done);
    return asked;
  }

  private async request(bus: Bus, to: string, traceparent: string): Promise<void> {
    const options = { reply: MessageLocation, timeoutMs: LOCATED_MS, traceparent };
    try {
      await bus.request(subjects.messageLocate(), { to, from: this.from }, options);
      if (this.untilMs.size >= SDK_LIMITS.LOCATED_RECIPIENTS) this.untilMs.clear();
      this.untilMs.set(to, this.clock.monotonic() + LOCATED_MS);
    } catch (error) {
      this.untilMs.delete(to);
      if (!asMultiswarmError(error).retryable) throw error;
    }
  }
}

function noop(): void {
  // only the time counts
}
