/** What a snapshot says about its project. */
import { AgentError } from './agent-error.mjs';
import { isJavaScript } from './source.mjs';

const TEST = /(^|\/)tests?\/|[.-]test\.[cm]?js$/;
const TEST_PROGRAM = /[.-]test\.[cm]?js$|(^|\/)test-[^/]+\.[cm]?js$/;

/** @param {Record<string, string>} snapshot */
export function readPackage(snapshot) {
  const text = snapshot['package.json'];
  if (text === undefined) throw new AgentError('the project has no package.json');
  let manifest;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new AgentError(`package.json: ${error.message}`);
  }
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(manifest.name ?? ''))
    throw new AgentError('package.json: "name" must be a plain package name');
  if (!/^\d+\.\d+\.\d+$/.test(manifest.version ?? ''))
    throw new AgentError('package.json: "version" must be three numbers');
  return manifest;
}

/** @returns {'library' | 'command' | 'test' | 'data'} */
export function roleOf(file, manifest) {
  if (TEST.test(file)) return isJavaScript(file) ? 'test' : 'data';
  if (!isJavaScript(file)) return 'data';
  return Object.values(manifest.bin ?? {}).some((bin) => bin.replace(/^\.\//, '') === file)
    ? 'command'
    : 'library';
}

/** Files that are tests to run, sorted. @param {Record<string, string>} snapshot */
export const testPrograms = (snapshot) =>
  Object.keys(snapshot)
    .filter((file) => TEST_PROGRAM.test(file))
    .sort();

/** The file that `require(name)` loads. */
export const mainOf = (manifest) => (manifest.main ?? 'index.js').replace(/^\.\//, '');
