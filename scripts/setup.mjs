/**
 * Everything that a fresh clone needs before it can start: `node scripts/setup.mjs`. Each step costs milliseconds when there is
 * nothing to do, and needs no network then. Plain Node, because it runs before anything is installed; this first file also
 * avoids newer syntax, so that an old Node gets as far as the line that says it is old.
 */
import { readFileSync } from 'fs';
import { checkNodeVersion } from './setup/node-version.mjs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const problem = checkNodeVersion(process.version, manifest.engines.node);

if (problem) {
  process.stderr.write(problem + '\n');
  process.exitCode = 1;
} else {
  import('./setup/run.mjs').then(function (setup) {
    return setup.runSetup();
  });
}
