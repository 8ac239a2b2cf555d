import { buildWorkspace } from './build.mjs';
import { installDependencies } from './dependencies.mjs';
import { ROOT } from './paths.mjs';
import { reportTo, SetupError } from './report.mjs';
import { installServers } from './servers.mjs';

const STEPS = [
  ['node', () => process.version],
  ['dependencies', (note) => installDependencies(ROOT, note)],
  ['servers', (note) => installServers(ROOT, note)],
  ['build', (note) => buildWorkspace(ROOT, note)],
];

/** Runs the steps in order and stops at the first that fails; sets the exit code. */
export async function runSetup() {
  const report = reportTo(process.stderr);
  try {
    for (const [name, step] of STEPS) await report.step(name, step);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    report.failure(error);
    process.exitCode = 1;
  }
}
