import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, SERVICE_NAMES } from '../dev/programs';
import type { Env } from '../dev/stack-settings';
import { findBinary } from '../processes/find-binary';
import { fail, ok, type Check } from './checks';

const run = promisify(execFile);

/** The same as `engines` in package.json. */
const OLDEST_NODE = [20, 19] as const;
/** nats-server: JetStream with per-message headers as we use it; redis-server: scripts and streams as we use them. */
const OLDEST = { 'nats-server': [2, 9], 'redis-server': [6, 2] } as const;

export function checkNode(version: string): Check {
  if (isAtLeast(version, OLDEST_NODE)) return ok('Node.js', version);
  return fail('Node.js', `${version} is too old`, `install ${OLDEST_NODE.join('.')} or newer`);
}

export async function checkBinary(name: keyof typeof OLDEST, env: Env): Promise<Check> {
  const path = findBinary(name, env['PATH']);
  if (path === undefined)
    return fail(
      name,
      'not installed',
      'run "npm start", which installs it where it can, or use docker compose',
    );
  const { stdout } = await run(path, ['--version']).catch(() => ({ stdout: '' }));
  const version = /v=?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined)
    return fail(name, `${path} does not say its version`, `run "${path} --version" to see why`);
  if (!isAtLeast(version, OLDEST[name]))
    return fail(name, `${version} is too old`, `install ${OLDEST[name].join('.')} or newer`);
  return ok(name, `${version} (${path})`);
}

export function checkBuilt(): Check {
  const missing = SERVICE_NAMES.filter(
    (name) => !existsSync(join(ROOT, 'services', name, 'dist', 'main.js')),
  );
  if (missing.length === 0) return ok('build', 'the services are built');
  return fail('build', `not built: ${missing.join(', ')}`, 'run "node scripts/setup.mjs"');
}

/** The directory itself or, where it does not exist yet, the first one above it that does. */
export async function checkWritable(directory: string): Promise<Check> {
  let at = directory;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  try {
    await access(at, constants.W_OK);
    return ok('data directory', `${directory} can be written`);
  } catch {
    return fail('data directory', `${at} cannot be written`, 'choose another place with --data-dir');
  }
}

export function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
