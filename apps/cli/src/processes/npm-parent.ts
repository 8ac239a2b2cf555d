import { every } from '@multiswarm/core';
import type { Io } from '../io';

const PARENT_POLL_MS = 500;
/** As early as can be: it may be lost while a swarm still starts. */
const PARENT = process.ppid;

/**
 * npm and npx hand SIGTERM to a shell that dies of it and leaves us without a parent, and without a signal. Under npm, a lost
 * parent therefore means: end.
 * @returns stops watching
 */
export function onNpmGone(io: Io, tell: () => void): () => void {
  if (io.env['npm_lifecycle_event'] === undefined) return () => undefined;
  const stop = every(io.clock, PARENT_POLL_MS, () => {
    if (process.ppid === PARENT) return;
    stop();
    tell();
  });
  return stop;
}
