import { Fifo } from '@multiswarm/core';

/** Lets so many pieces of work through at a time, in the order in which they came. */
export class Gate {
  private readonly waiting = new Fifo<() => void>();

  constructor(private free: number) {}

  get waits(): number {
    return this.waiting.size;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}
