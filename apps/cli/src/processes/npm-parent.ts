import { every } from '@multiswarm/core';
import type { Io } from '../io';

const PARENT_POLL_MS = 500;

/**
 * npm and npx hand SIGTERM to a shell that dies of it and leaves us without a parent, and without a signal. Under npm, a lost
 * parent therefore means: end.
 * @returns stops watching
 */
export function onNpmGone(io: Io, tell: () => void): () => void {
  if (io.env['npm_lifecycle_event'] === undefined) return () => undefined;
  const parent = process.ppid;
  const stop = every(io.clock, PARENT_POLL_MS, () => {
    if (process.ppid === parent) return;
    stop();
    tell();
  });
  return stop;
}
