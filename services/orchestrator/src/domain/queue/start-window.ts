/** When the starts of the last window were, oldest first. Times are monotonic milliseconds. */
export class StartWindow {
  private times: number[] = [];
  /** Those before it have been dropped. */
  private first = 0;

  get size(): number {
    return this.times.length - this.first;
  }

  add(at: number): void {
    this.times.push(at);
  }

  /** One of them came to nothing. The oldest is taken for it: of any other the rest might be more than a window allows. */
  undo(): void {
    if (this.size > 0) this.first += 1;
  }

  /** The start that leaves the window as the `n`-th from now on, from 1. */
  nth(n: number): number | undefined {
    return n < 1 ? undefined : this.times[this.first + n - 1];
  }

  /** Drops all starts up to a time. */
  dropUntil(time: number): void {
    while (this.size > 0 && (this.times[this.first] as number) <= time) this.first += 1;
    if (this.first > 1_024 && this.first > this.size) {
      this.times = this.times.slice(this.first);
      this.first = 0;
    }
  }
}
