import type { RunningProcess } from '../cpu';
import type { Options } from '../options';
import type { FlowShape } from './flow-shapes';

/** What is measured, whoever does it: no-op work that is handed in by this process and done in another one. */
export interface RunningSystem {
  /** Hands in `count` pieces of work at once; resolves with the milliseconds until it is known that all have ended well. */
  batch(count: number): Promise<number>;
  /** One piece of work on an idle system: milliseconds from handing it in until its result is known here. */
  lone(): Promise<number>;
  /** One workflow of no-op steps: milliseconds from handing it in until its end is known here. Several may be under way. */
  flow(shape: FlowShape): Promise<number>;
  /** Hands in one piece of work that nobody does; resolves when it was acknowledged. */
  submit(): Promise<unknown>;
  /** Runs `work` with CPU profiles of every process of ours written under this label. */
  profiled<T>(directory: string, label: string, work: () => Promise<T>): Promise<T>;
  readonly processes: readonly RunningProcess[];
  readonly serverVersions: Record<string, string>;
  stop(): Promise<void>;
}

/** What suits one system best may be bad for the other one; see `bestSetups`. */
export interface Setup {
  /** Pieces of work that may run at the same time: slots of the swarm, concurrency of the worker. */
  concurrency: number;
  /** Pieces of work in one call of a batch, a few of which are under way at once; undefined: all in one call. */
  chunk?: number;
}

export interface SystemOptions extends Setup {
  appendfsync: Options['appendfsync'];
  /** A batch of the peer ends when this process knows of every piece of work. */
  followed?: boolean;
  /** Its processes are asked for profiles. */
  probed?: boolean;
}

export interface System {
  name: string;
  start(options: SystemOptions): Promise<RunningSystem>;
}

/** Calls of one batch that are under way at once, where it is cut into chunks. */
const CHUNKS_IN_FLIGHT = 4;

/** Hands over `items` in one call, or in chunks with a few under way at once. */
export async function inChunks<T>(
  items: readonly T[],
  chunk: number | undefined,
  send: (items: T[]) => Promise<unknown>,
  inFlight = CHUNKS_IN_FLIGHT,
): Promise<void> {
  const size = chunk ?? Math.max(1, items.length);
  let from = 0;
  const lane = async (): Promise<void> => {
    while (from < items.length) {
      const next = items.slice(from, from + size);
      from += size;
      await send(next);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
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
