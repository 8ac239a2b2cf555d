/** Lets as many through as it was opened for, first come, first served; the others wait. */
export class Gate {
  private permits = 0;
  private readonly waiting: (() => void)[] = [];

  /** Lets `count` more through: those that wait now, and those to come. */
  open(count: number): void {
    this.permits += count;
    const passing = this.waiting.splice(0, this.permits);
    this.permits -= passing.length;
    for (const pass of passing) pass();
  }

  async pass<T>(what: T): Promise<T> {
    if (this.permits > 0) this.permits -= 1;
    else await new Promise<void>((resolve) => void this.waiting.push(resolve));
    return what;
  }
}
