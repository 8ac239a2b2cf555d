import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..', '..');
const MAIN = join(__dirname, '..', '..', 'src', 'main.ts');

export interface CliProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  out(): string;
  err(): string;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

/** Runs swarmctl as a process of its own, from its sources. @param options.under a command that runs the command behind it */
export function startCli(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; stdin?: string; under?: readonly string[] } = {},
): CliProcess {
  const tsNode = join(ROOT, 'node_modules', 'ts-node', 'register');
  const node = [process.execPath, '-C', 'multiswarm-source', '-r', tsNode, MAIN, ...args];
  const [program, ...rest] = [...(options.under ?? []), ...node] as [string, ...string[]];
  const child = spawn(program, rest, {
    cwd: options.cwd ?? ROOT,
    env: { PATH: process.env['PATH'] ?? '', TS_NODE_PROJECT: join(ROOT, 'tsconfig.json'), ...options.env },
    stdio: 'pipe',
  });
  const written = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.err += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  if (child.pid === undefined) throw new Error('swarmctl could not be started');
  return {
    child,
    pid: child.pid,
    out: () => written.out,
    err: () => written.err,
    exited: new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code ?? 0))),
  };
}

export async function runCliProcess(
  args: readonly string[],
  options: Parameters<typeof startCli>[1] = {},
): Promise<{ code: number | NodeJS.Signals; out: string; err: string }> {
  const cli = startCli(args, options);
  const code = await cli.exited;
  return { code, out: cli.out(), err: cli.err() };
}
