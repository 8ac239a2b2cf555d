import { delay } from '@multiswarm/core';
import type { GlobalOptions } from './command';
import { EXIT, Fault } from './faults';
import { isPassing, PATIENCE_MS } from './api/await-end';
import type { Io } from './io';
import { LiveRegion } from './output/live-region';

const INTERVAL_MS = 1_000;

export interface Watched<T> {
  read(): Promise<T>;
  render(value: T): string;
  /** True ends the watch. */
  done(value: T): boolean;
  /** What is said where nothing can be redrawn, until the end; all of it each time that it has changed, where there is nothing. */
  changes?(before: T | undefined, after: T): string[];
}

/**
 * Shows something again and again until it is done: redrawn in place on a terminal, otherwise printed each time it has changed.
 * Ends with exit 130 on Ctrl-C and with exit 6 when `--timeout` is over.
 */
export async function watch<T>(
  watched: Watched<T>,
  global: GlobalOptions,
  io: Io,
): Promise<{ value: T | undefined; interrupted: boolean }> {
  const region = new LiveRegion(io.stdout);
  const interrupted = new AbortController();
  const stopListening = io.onInterrupt(() => interrupted.abort());
  const began = io.clock.monotonic();
  let lastAnswer = began;
  let shown = '';
  let value: T | undefined;
  try {
    while (!interrupted.signal.aborted) {
      try {
        const before = value;
        value = await watched.read();
        lastAnswer = io.clock.monotonic();
        shown = show(region, io, watched, { before, value, shown });
        if (watched.done(value)) return { value, interrupted: false };
      } catch (error) {
        if (!isPassing(error) || io.clock.monotonic() - lastAnswer > PATIENCE_MS) throw error;
        region.draw([error instanceof Error ? error.message : String(error)]);
      }
      if (global.timeoutMs !== undefined && io.clock.monotonic() - began >= global.timeoutMs)
        throw overdue(global.timeoutMs);
      await delay(io.clock, INTERVAL_MS, interrupted.signal).catch(() => undefined);
    }
    return { value, interrupted: true };
  } finally {
    stopListening();
  }
}

interface Seen<T> {
  before: T | undefined;
  value: T;
  /** The text that was shown last. */
  shown: string;
}

function show<T>(region: LiveRegion, io: Io, watched: Watched<T>, { before, value, shown }: Seen<T>): string {
  const lines = region.redraws ? undefined : watched.changes?.(before, value);
  if (lines) io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  if (lines && !watched.done(value)) return shown;
  const text = watched.render(value);
  if (region.redraws) region.draw(text.replace(/\n$/, '').split('\n'));
  else if (text !== shown) io.stdout.write(lines ? `\n${text}` : text);
  return text;
}

function overdue(timeoutMs: number): Fault {
  return new Fault(`still going on after ${timeoutMs / 1_000} s`, { code: 'timeout', exit: EXIT.timedOut });
}
