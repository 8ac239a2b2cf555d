import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { systemClock, systemRandom } from '@multiswarm/core';
import { runCli } from './cli';
import type { Io, Sink } from './io';
import { reapersGone } from './processes/reaper';

/** Longer than any run; the timer only keeps the process alive while a command waits, for timers of the clock do not. */
const KEEP_ALIVE_MS = 2 ** 30;

/** What Node.js knows of a stream only when it is a terminal. */
type MaybeTerminal = Pick<NodeJS.WriteStream, 'write'> &
  Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'>>;

function sink(stream: MaybeTerminal): Sink {
  return {
    write: (text) => void stream.write(text),
    get isTty() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
  };
}

function onInterrupt(fn: (signal: NodeJS.Signals) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, fn);
  return () => {
    for (const signal of signals) process.off(signal, fn);
  };
}

function realIo(): Io {
  return {
    stdout: sink(process.stdout),
    stderr: sink(process.stderr),
    // Not opened before it is read: an open standard input would be one more thing that keeps the process.
    stdin: { isTty: isatty(0), [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    env: process.argv.includes('--no-color') ? { ...process.env, NO_COLOR: '1' } : process.env,
    cwd: process.cwd(),
    clock: systemClock,
    random: systemRandom,
    onInterrupt,
  };
}

function version(): string {
  // The shape of our own package.json.
  const manifest = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    else stream.write('', () => resolve());
  });
}

/** `swarmctl … | head` closes our output early; that is no error. */
function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

async function main(): Promise<void> {
  endQuietlyOnClosedPipe(process.stdout);
  endQuietlyOnClosedPipe(process.stderr);
  const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
  const code = await runCli(process.argv.slice(2), realIo(), version());
  await reapersGone();
  clearInterval(keepAlive);
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  // Idle connections of fetch would keep the process for seconds.
  process.exit(code);
}

void main();
