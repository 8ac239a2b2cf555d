/**
 * The order of what is sent to a recipient while something is prepared for it, such as large data that is stored first: whatever is given after
 * it goes after it. Where nothing is prepared nothing waits.
 */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  isTaken(to: string): boolean {
    return this.last.has(to);
  }

  /**
   * Sends what is ready, after what was given before it was sent; not after it has arrived.
   * @param ready what could not be made ready gives its turn to the next one
   */
  async take<A, T>(to: string, ready: Promise<A>, send: (it: A) => T | Promise<T>): Promise<T> {
    const begun = this.begin(Promise.allSettled([this.last.get(to), ready]), ready, send);
    this.last.set(to, begun);
    const done = (): void => {
      if (this.last.get(to) === begun) this.last.delete(to);
    };
    begun.then(done, done);
    return (await begun).outcome;
  }

  /** Wrapped: whoever waits for its turn does not wait for the outcome. */
  private async begin<A, T>(
    turn: Promise<unknown>,
    ready: Promise<A>,
    send: (it: A) => T | Promise<T>,
  ): Promise<{ outcome: T | Promise<T> }> {
    await turn;
    return { outcome: send(await ready) };
  }
}
