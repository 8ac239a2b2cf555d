import { systemClock, systemRandom } from '@multiswarm/core';
import type { Io } from '../../src/io';

export interface MemoryIo extends Io {
  out(): string;
  err(): string;
  /** As if the user pressed Ctrl-C. */
  interrupt(): void;
}

/** A world in memory: what is written is kept, what is read was given. */
export function memoryIo(
  given: {
    stdin?: string;
    env?: Record<string, string>;
    cwd?: string;
    terminal?: boolean;
    columns?: number;
  } = {},
): MemoryIo {
  const written = { out: '', err: '' };
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const sink = (name: 'out' | 'err') => ({
    write: (text: string) => void (written[name] += text),
    isTty: given.terminal === true,
    columns: given.columns ?? 100,
    rows: 30,
  });
  return {
    stdout: sink('out'),
    stderr: sink('err'),
    stdin: {
      isTty: false,
      async *[Symbol.asyncIterator]() {
        await Promise.resolve();
        yield Buffer.from(given.stdin ?? '');
      },
    },
    env: given.env ?? {},
    cwd: given.cwd ?? process.cwd(),
    clock: systemClock,
    random: systemRandom,
    onInterrupt(fn) {
      listeners.add(fn);
      return () => void listeners.delete(fn);
    },
    out: () => written.out,
    err: () => written.err,
    interrupt: () => listeners.forEach((fn) => fn('SIGINT')),
  };
}

/** The same world where time passes many times as fast for whoever asks its clock. */
export function hurried(io: MemoryIo, factor = 50): MemoryIo {
  const { now, monotonic, after } = systemClock;
  return {
    ...io,
    clock: {
      now,
      monotonic: () => monotonic() * factor,
      soon: (fn) => void setImmediate(fn),
      after: (ms, fn) => after(ms / factor, fn),
    },
  };
}
