import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, runLogged, tail } from './command.mjs';
import { SetupError } from './report.mjs';

const LOG = '.multiswarm/logs/setup.log';

/** Installs what the lockfile says with the pnpm that package.json pins, unless it is installed already. */
export async function installDependencies(root, note) {
  if (isInstalled(root)) return 'as in the lockfile';
  const version = pinnedPnpm(root);
  note(`installing with pnpm ${version} (a minute on the first run)`);
  const [command, ...prefix] = await pnpmCommand(version);
  // CI: pnpm asks no questions, for example before it replaces a node_modules that another tool made.
  const env = { ...process.env, CI: 'true', npm_config_update_notifier: 'false' };
  const args = [...prefix, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'];
  const { code, output } = await runLogged(root, command, args, { env });
  if (code === 0) return 'installed';
  throw new SetupError(remedyFor(output), tail(output));
}

/**
 * pnpm leaves a copy of the lockfile when it has finished; if it equals ours, and each package has its links, there is nothing to do.
 */
export function isInstalled(root) {
  const wanted = readIfThere(join(root, 'pnpm-lock.yaml'));
  const present = readIfThere(join(root, 'node_modules', '.pnpm', 'lock.yaml'));
  if (wanted === undefined || wanted !== present) return false;
  return packagesOf(root).every((dir) => !hasDependencies(dir) || existsSync(join(dir, 'node_modules')));
}

/** `10.34.8` of `"packageManager": "pnpm@10.34.8+sha512..."`. */
export function pinnedPnpm(root) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return /^pnpm@([^+]+)/.exec(packageManager)[1];
}

/** A pnpm of exactly that version if it is there, otherwise the one that npx brings. */
async function pnpmCommand(version) {
  const present = await run('pnpm', ['--version'], { env: { ...process.env, COREPACK_ENABLE_NETWORK: '0' } });
  if (present.code === 0 && present.output.trim() === version) return ['pnpm'];
  return ['npx', '--yes', `pnpm@${version}`];
}

function packagesOf(root) {
  const groups = ['libs', 'services', 'apps'].map((group) => join(root, group)).filter(existsSync);
  return groups.flatMap((group) => readdirSync(group).map((name) => join(group, name)));
}

function hasDependencies(dir) {
  const text = readIfThere(join(dir, 'package.json'));
  if (text === undefined) return false;
  const { dependencies = {}, devDependencies = {} } = JSON.parse(text);
  return Object.keys({ ...dependencies, ...devDependencies }).length > 0;
}

function remedyFor(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ERR_PNPM_META_FETCH_FAIL|network/i.test(output)) {
    return `the npm registry cannot be reached: check the network or the proxy settings of npm and start again (${LOG})`;
  }
  if (/OUTDATED_LOCKFILE|FROZEN_LOCKFILE/.test(output)) {
    return 'pnpm-lock.yaml does not fit the package.json files: run "npx pnpm install" and commit the lockfile';
  }
  if (/ENOSPC/.test(output)) return 'the disk is full: free some space and start again';
  return `the dependencies could not be installed: see the lines above, all of it is in ${LOG}`;
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
