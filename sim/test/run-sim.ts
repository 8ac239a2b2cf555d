import { execFile } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
/** As in the script of package.json. */
const RUN = ['-C', 'multiswarm-source', '--enable-source-maps', '-r', './sim/load.cjs', 'sim/src/main.ts'];
const MAX_OUTPUT = 64 * 1024 * 1024;
export const PATIENCE_MS = 15 * 60_000;

/** `npm run sim -- …`, and what it printed. */
export function sim(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...RUN, ...args],
      { cwd: ROOT, maxBuffer: MAX_OUTPUT },
      (error, stdout, stderr) => {
        resolve({ code: error ? 1 : 0, output: stdout + stderr });
      },
    );
  });
}
