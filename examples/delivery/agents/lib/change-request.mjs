/** What a project asks for, in `change-request.json`. */
import { AgentError } from './agent-error.mjs';
import { DEPRECATED_APIS } from './deprecated-apis.mjs';

export const REQUEST_FILE = 'change-request.json';

/**
 * @typedef {object} ChangeRequest
 * @property {string} id
 * @property {string} title
 * @property {string} goal
 * @property {string[]} remove ids of deprecated APIs
 * @property {string} nodeTarget such as `>=20.19`
 * @property {number} testCoverage share of the library's lines, 0 to 1
 * @property {'unchanged'} publicApi
 * @property {'patch'} release
 * @property {{ args: string[], stdout: string }[]} smoke what the packed command must print; `{version}` is filled in
 */

/** All faults at once. @param {Record<string, string>} snapshot @returns {ChangeRequest} */
export function readRequest(snapshot) {
  const text = snapshot[REQUEST_FILE];
  if (text === undefined) throw new AgentError(`the project has no ${REQUEST_FILE}: there is nothing to do`);
  let request;
  try {
    request = JSON.parse(text);
  } catch (error) {
    throw new AgentError(`${REQUEST_FILE}: ${error.message}`);
  }
  const faults = faultsOf(request ?? {});
  if (faults.length > 0) throw new AgentError(`${REQUEST_FILE}: ${faults.join('; ')}`);
  return request;
}

function faultsOf(request) {
  const isText = (value) => typeof value === 'string' && value !== '';
  const faults = ['id', 'title', 'goal']
    .filter((key) => !isText(request[key]))
    .map((key) => `"${key}" must be a text`);
  const known = DEPRECATED_APIS.map(({ id }) => id);
  if (!Array.isArray(request.remove) || request.remove.length === 0)
    faults.push('"remove" must list at least one API');
  else {
    const unknown = request.remove.filter((id) => !known.includes(id));
    if (unknown.length > 0)
      faults.push(`"remove" has ${unknown.join(', ')}, this pipeline knows ${known.join(', ')}`);
  }
  if (!/^>=\d+(\.\d+){0,2}$/.test(request.nodeTarget)) faults.push('"nodeTarget" must look like ">=20.19"');
  if (!(request.testCoverage >= 0 && request.testCoverage <= 1))
    faults.push('"testCoverage" must be a number from 0 to 1');
  if (request.publicApi !== 'unchanged') faults.push('"publicApi" can only be "unchanged"');
  if (request.release !== 'patch') faults.push('"release" can only be "patch"');
  const smoke =
    Array.isArray(request.smoke) &&
    request.smoke.every(({ args, stdout }) => Array.isArray(args) && typeof stdout === 'string');
  if (!smoke) faults.push('"smoke" must list { args, stdout }');
  return faults;
}

/** Whether this Node.js may judge for the target. @param {string} target */
export function meetsTarget(target, version = process.versions.node) {
  const [wanted, have] = [target.slice(2), version].map((text) => text.split('.').map(Number));
  for (const [index, part] of wanted.entries()) {
    if (have[index] !== part) return have[index] > part;
  }
  return true;
}
