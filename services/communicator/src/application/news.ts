import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';

/** Changes that come so close together are told together. */
const TOGETHER_MS = 20;

/** Wakes those who wait for something to change, at most `DIRECTORY_WATCHERS` at a time. */
export class News {
  private readonly waiting = new Set<() => void>();
  private planned = false;

  constructor(private readonly clock: Clock) {}

  tell(): void {
    if (this.planned || this.waiting.size === 0) return;
    this.planned = true;
    this.clock.after(TOGETHER_MS, () => this.wakeAll());
  }

  wakeAll(): void {
    this.planned = false;
    for (const wake of [...this.waiting]) wake();
  }

  /** Resolves when something has changed, the time is over, or the signal is aborted. @throws MultiswarmError `too-many-watchers` */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    if (this.waiting.size >= LIMITS.DIRECTORY_WATCHERS)
      throw new MultiswarmError(
        'too-many-watchers',
        `${this.waiting.size} readers wait here already (DIRECTORY_WATCHERS): ask again later`,
      );
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        signal?.removeEventListener('abort', wake);
        this.waiting.delete(wake);
        resolve();
      };
      const cancel = this.clock.after(ms, wake);
      signal?.addEventListener('abort', wake, { once: true });
      this.waiting.add(wake);
    });
  }
}
