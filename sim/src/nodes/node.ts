import type { Waiting } from '@multiswarm/contracts';
import type { SimProcess } from '../world/process';

/** One program in one process. */
export interface Running {
  readonly process: SimProcess;
  /** As on SIGTERM: it gives back what it has, and resolves when it has ended. */
  stop(): Promise<void>;
  /** What it still counts, which after the end of all tasks must be nothing. */
  left(): string[];
  /** What a deep check of its shards finds. */
  check?(): Promise<string[]>;
  /** Why tasks wait, as far as it knows. */
  explain?(taskIds: string[]): Promise<Record<string, Waiting>>;
}

/** A program that can be started again after each death, as another process under the same name. */
export interface Program {
  readonly name: string;
  readonly site: string;
  start(process: SimProcess): Running;
}

/** A program could not start. */
export type Failed = (process: SimProcess, error: unknown) => void;
