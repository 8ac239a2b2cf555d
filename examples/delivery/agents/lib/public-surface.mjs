/** What a package really exports, seen by loading it in a process of its own. */
import { AgentError } from './agent-error.mjs';
import { mainOf, readPackage } from './project.mjs';
import { runProgram } from './workspace.mjs';

const PROGRAM = `
import(require('node:url').pathToFileURL(process.argv[1])).then((loaded) => {
  const surface = loaded['module.exports'] ?? loaded.default ?? loaded;
  const describe = (value) => (typeof value === 'function' ? 'function/' + value.length : typeof value);
  process.stdout.write(JSON.stringify(Object.fromEntries(Object.keys(surface).sort().map((name) => [name, describe(surface[name])]))));
});
`;

/**
 * Names with their kinds: `{ cleanUrl: 'function/1' }`, with the number of arguments that a function declares.
 * @returns {Promise<Record<string, string>>}
 */
export async function publicSurface({ project, temporary }, snapshot) {
  const main = mainOf(readPackage(snapshot));
  const { code, stdout, stderr } = await runProgram([process.execPath, '-e', PROGRAM, `${project}/${main}`], {
    cwd: project,
    temporary,
  });
  if (code !== 0)
    throw new AgentError(`the package cannot be loaded from ${main}: ${stderr.trim().slice(-500)}`);
  return JSON.parse(stdout);
}
