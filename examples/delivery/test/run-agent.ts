import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(__dirname, '../../..');
export const DELIVERY = path.join(ROOT, 'examples/delivery');

/** A command that runs an agent, as a swarm would: `node examples/delivery/agents/design.mjs`. */
export const agent = (name: string): string => `node examples/delivery/agents/${name}.mjs`;

export interface AgentResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningAgent {
  process: ChildProcess;
  ended: Promise<AgentResult>;
}

export interface AgentOptions {
  env?: Record<string, string>;
}

/** Starts an agent from the repository's root with `input` on its stdin; a text goes there as it is. */
export function startAgent(command: string, input: unknown, { env = {} }: AgentOptions = {}): RunningAgent {
  const [, ...argv] = command.split(' ');
  const child = spawn(process.execPath, argv, { cwd: ROOT, env: { ...process.env, ...env } });
  const result: AgentResult = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(typeof input === 'string' ? input : JSON.stringify(input));
  const ended = new Promise<AgentResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...result, code }));
  });
  return { process: child, ended };
}

export function runAgent(command: string, input: unknown, options?: AgentOptions): Promise<AgentResult> {
  return startAgent(command, input, options).ended;
}

/** Output of an agent that must succeed. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- outputs are JSON; the assertions are what checks them
export async function outputOf(command: string, input: unknown, options?: AgentOptions): Promise<any> {
  const { code, stdout, stderr } = await runAgent(command, input, options);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

/** A directory for one test file, and its removal. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'delivery-test-')));
  return { path: directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
