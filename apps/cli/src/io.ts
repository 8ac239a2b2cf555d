import type { Clock, Random } from '@multiswarm/core';

/** A place to write text to, and what is known of the window behind it. */
export interface Sink {
  write(text: string): void;
  readonly isTty: boolean;
  /** Characters per line; 80 where nobody knows. */
  readonly columns: number;
  readonly rows: number;
}

export interface Source extends AsyncIterable<Uint8Array | string> {
  readonly isTty: boolean;
}

/** Everything of the world that a command may touch: data goes to `stdout`, all the rest to `stderr`. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: Source;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Calls `fn` on SIGINT, SIGTERM and SIGHUP in place of ending the process, until the returned function is called. */
  onInterrupt(fn: (signal: NodeJS.Signals) => void): () => void;
}
