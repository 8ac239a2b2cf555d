import { inspect } from 'node:util';
import { LIMITS, MultiswarmError, type Progress } from '@multiswarm/contracts';
import type { Cancel, Clock } from '@multiswarm/core';

/** Lets through at most one progress in `LIMITS.PROGRESS_MS`, and always the last one: at the latest at the end. */
export class ProgressGate {
  private waiting: Progress | undefined;
  private sentAt = Number.NEGATIVE_INFINITY;
  private cancel: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly send: (progress: Progress) => void,
  ) {}

  offer(progress: Progress): void {
    this.waiting = progress;
    if (this.cancel) return;
    const waitMs = this.sentAt + LIMITS.PROGRESS_MS - this.clock.monotonic();
    if (waitMs <= 0) this.flush();
    else this.cancel = this.clock.after(waitMs, () => this.flush());
  }

  /** Sends what waits, and nothing by itself from here on. */
  flush(): void {
    this.cancel?.();
    this.cancel = undefined;
    if (this.waiting === undefined) return;
    const progress = this.waiting;
    this.waiting = undefined;
    this.sentAt = this.clock.monotonic();
    this.send(progress);
  }
}

/** What a handler says, as a progress. Throws `invalid-request` for what is none; a long message loses its end. */
export function toProgress(fraction: unknown, message: unknown, at: number): Progress {
  if (fraction !== undefined && !(typeof fraction === 'number' && fraction >= 0 && fraction <= 1))
    throw new MultiswarmError(
      'invalid-request',
      `progress: the fraction must be a number from 0 to 1, not ${inspect(fraction)}`,
    );
  if (message !== undefined && typeof message !== 'string')
    throw new MultiswarmError(
      'invalid-request',
      `progress: the message must be a text, not ${typeof message}`,
    );
  return {
    ...(fraction === undefined ? {} : { fraction }),
    ...(message === undefined ? {} : { message: message.slice(0, LIMITS.PROGRESS_MESSAGE_CHARS) }),
    at,
  };
}
