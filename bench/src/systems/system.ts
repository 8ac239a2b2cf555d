import type { Options } from '../options';

/** What is measured, whoever does it: no-op work that is handed in by this process and done in another one. */
export interface RunningSystem {
  /** Hands in `count` pieces of work at once; resolves with the milliseconds until it knows here that all have ended well. */
  batch(count: number): Promise<number>;
  /** One piece of work on an idle system: milliseconds from handing it in until its result is known here. */
  lone(): Promise<number>;
  readonly serverVersions: Record<string, string>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  appendfsync: Options['appendfsync'];
  /** Pieces of work that may run at the same time: slots of the swarm, concurrency of the worker. */
  concurrency: number;
}

export interface System {
  name: string;
  start(options: SystemOptions): Promise<RunningSystem>;
}

/** Ends everything in the opposite order of its start, whatever fails on the way. */
export class Endings {
  private readonly steps: (() => Promise<unknown> | void)[] = [];

  add(step: () => Promise<unknown> | void): void {
    this.steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) {
      await Promise.resolve()
        .then(step)
        .catch((error: unknown) => console.error('bench: while stopping:', error));
    }
  }
}

/** Runs `start` and undoes its half when it fails. */
export async function startOrUndo<T>(start: (endings: Endings) => Promise<T>): Promise<T> {
  const endings = new Endings();
  try {
    return await start(endings);
  } catch (error) {
    await endings.run();
    throw error;
  }
}
