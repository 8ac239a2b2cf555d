import { spawn, spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { ROOT } from './files';

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

// Debian keeps servers where the PATH of ordinary users does not look.
const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter);

/** Runs a program in the repository's root to its end; rejects only if it cannot be started. */
export function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Starts a program that stays; the caller ends it with `stop`. */
export function start(
  program: string,
  args: readonly string[],
): { stop: () => Promise<void>; log: () => string } {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const keep = (text: string): void => void (log += text);
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.once('error', (error) => keep(error.message));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return { log: () => log, stop: () => (child.kill('SIGTERM'), ended) };
}

/** Whether the program runs here; asked before the tests are declared, hence not a promise. */
export const installed = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { env: { ...process.env, PATH }, stdio: 'ignore' }).status === 0;
