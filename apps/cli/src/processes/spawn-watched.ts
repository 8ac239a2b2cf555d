import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import type { Reaper } from './reaper';

export interface WatchedSpawnOptions {
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Standard input, output, error. */
  stdio: [IOType, IOType, IOType];
  stage?: number;
}
type IOType = 'pipe' | 'ignore' | number;

/** Waits for a line on descriptor 3 and then becomes the program. Its input ends when we die first, and so does it. */
const GATE = 'read -r go <&3 || exit 1; exec 3<&-; exec "$@"';

/**
 * Starts a program that leads a process group of its own and cannot outlive this process: it does nothing before the reaper
 * knows it, so there is no moment at which our sudden death would leave it alone.
 */
export function spawnWatched(
  program: string,
  args: readonly string[],
  reaper: Reaper,
  options: WatchedSpawnOptions,
): ChildProcess {
  const stdio: StdioOptions = [...options.stdio, 'pipe'];
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', program, ...args], {
    cwd: options.cwd,
    env: { ...options.env },
    detached: true,
    stdio,
  });
  if (child.pid === undefined) return child;
  reaper.watch(child.pid, options.stage);
  const gate = child.stdio[3];
  // Ended in the meantime: whoever waits for its exit hears of it there.
  gate?.on('error', () => undefined);
  if (gate && 'end' in gate) gate.end('go\n');
  return child;
}
