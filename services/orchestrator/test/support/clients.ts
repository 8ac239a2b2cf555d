/** So many clients that do the same thing again and again until they are stopped. */
export class Clients {
  private going = true;
  private readonly loops: Promise<PromiseSettledResult<void>[]>;

  constructor(count: number, work: () => Promise<void>) {
    const loop = async (): Promise<void> => {
      while (this.going) await work();
    };
    this.loops = Promise.allSettled(Array.from({ length: count }, loop));
  }

  /** @throws what a client met that it did not expect */
  async stop(): Promise<void> {
    this.going = false;
    for (const each of await this.loops) if (each.status === 'rejected') throw each.reason;
  }
}
