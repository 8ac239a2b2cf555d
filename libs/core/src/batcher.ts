/**
 * Gathers items while one batch is under way: a batch leaves when the one before it came back, never on a timer.
 * So a lone item goes at once, and a thousand at a time go together.
 */
export class Batcher<T> {
  private waiting: T[] = [];
  private busy = false;
  private idle: (() => void)[] = [];

  /** @param send must handle its own errors: a rejection is reported to `onError` and the next batch goes on. */
  constructor(
    private readonly send: (items: T[]) => Promise<void>,
    private readonly maxItems: number,
    private readonly onError: (error: unknown, items: T[]) => void,
  ) {}

  add(item: T): void {
    this.waiting.push(item);
    if (!this.busy) {
      this.busy = true;
      queueMicrotask(() => void this.run());
    }
  }

  /** Resolves when nothing waits and nothing is under way. */
  settled(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const items = this.waiting.splice(0, this.maxItems);
      try {
        await this.send(items);
      } catch (error) {
        this.onError(error, items);
      }
    }
    this.busy = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
