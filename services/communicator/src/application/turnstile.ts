/** Lets one piece of work through at a time, in the order in which they came. */
export class Turnstile {
  private last: Promise<unknown> = Promise.resolve();

  pass<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn;
    // Whoever waits for the turn is told; the next one comes all the same.
    turn.catch(() => undefined);
    return turn;
  }
}
