import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LIMITS, type RoutingBatch } from '@multiswarm/contracts';
import { readWorkerMessage, type WorkerMessage } from '../../domain/custom-policy/worker-message';

/** Beside `src` and `dist` alike: a thread starts from a file of JavaScript. */
const PROGRAM = join(__dirname, '..', '..', '..', 'worker', 'custom-policy.mjs');
const MEMORY_MB = LIMITS.CUSTOM_POLICY_MEMORY_BYTES / 2 ** 20;
/** What needs more ends the thread. Buffers outside of the heap of V8 are not counted. */
const MEMORY = {
  maxOldGenerationSizeMb: MEMORY_MB,
  maxYoungGenerationSizeMb: 32,
  stackSizeMb: 4,
};
const SAID_CHARS = 1_000;

export interface ThreadEvents {
  message(message: WorkerMessage): void;
  /** What the policy prints. */
  said(text: string): void;
  /** Once, unless `end` was called before. */
  ended(why: string): void;
}

/** One life of the thread of a policy. */
export class PolicyThread {
  private readonly worker: Worker;
  private isOver = false;

  constructor(path: string, events: ThreadEvents) {
    this.worker = new Worker(PROGRAM, {
      workerData: { path },
      // What the service was started with (loaders, inspectors) is not for the policy.
      execArgv: [],
      resourceLimits: MEMORY,
      stdout: true,
      stderr: true,
    });
    const over = (why: string): void => {
      if (this.isOver) return;
      this.isOver = true;
      events.ended(why);
    };
    for (const output of [this.worker.stdout, this.worker.stderr])
      // Read in any case: what nobody reads piles up.
      output.on('data', (chunk: Buffer) => events.said(chunk.toString().slice(0, SAID_CHARS).trimEnd()));
    this.worker.on('message', (given: unknown) => {
      const message = this.isOver ? undefined : readWorkerMessage(given);
      if (message !== undefined) events.message(message);
    });
    this.worker.on('error', (error: unknown) => over(reasonOf(error)));
    this.worker.on('exit', (code) => over(`its thread ended with code ${code}`));
  }

  ask(id: number, batch: RoutingBatch): void {
    this.worker.postMessage({ id, batch });
  }

  /** Also in the middle of a busy loop. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.worker.terminate();
  }
}

function reasonOf(error: unknown): string {
  const { code, message = String(error) } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return `it needed more than ${MEMORY_MB} MiB of memory`;
  return `it failed outside of "rank": ${String(message)}`;
}
