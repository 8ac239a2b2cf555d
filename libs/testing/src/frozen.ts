import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Whether a SIGSTOP has taken effect. The signal returns at once, but each thread stops only when the system gets to it, and until
 * then the server may still answer.
 */
export async function isFrozen(pid: number): Promise<boolean> {
  const tasks = `/proc/${pid}/task`;
  if (existsSync(tasks))
    return readdirSync(tasks).every((thread) => threadState(`${tasks}/${thread}/stat`) === 'T');
  const { stdout } = await run('ps', ['-o', 'stat=', '-p', String(pid)]);
  return stdout.trim().startsWith('T');
}

/** The state letter follows the name, which is in brackets and may contain anything. */
function threadState(file: string): string | undefined {
  const stat = readFileSync(file, 'utf8');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}
