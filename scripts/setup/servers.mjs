import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, runLogged, tail } from './command.mjs';
import { SetupError } from './report.mjs';

const SERVERS = ['nats-server', 'redis-server'];
// Debian puts nats-server into /usr/sbin, which is not on the PATH of ordinary users.
const USUAL_PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];
const BREW_FORMULAE = { 'nats-server': 'nats-server', 'redis-server': 'redis' };

// Debian starts a service as soon as it is installed, on its default port and at every boot. We start our own, so it must not:
// policy-rc.d (and RUNLEVEL for old init scripts) forbids the start, and the unit is disabled afterwards.
const APT_SCRIPT = `
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy"
fi
install() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"; }
install "$@" || { apt-get update && install "$@"; } || exit 1
if [ -d /run/systemd/system ]; then systemctl disable --quiet "$@" || true; fi
`;

/** Finds nats-server and redis-server, and installs what is missing where there is a package manager that may. */
export async function installServers(root, note) {
  const missing = missingServers();
  if (missing.length === 0) return SERVERS.map((name) => findServer(name)).join(', ');
  const [command, ...args] = await installCommand(missing);
  note(`installing ${missing.join(' and ')} with ${args.includes('apt') ? 'apt' : 'brew'}`);
  const { code, output } = await runLogged(root, command, args);
  const still = missingServers();
  if (code === 0 && still.length === 0) return `installed ${missing.join(' and ')}`;
  throw new SetupError(byHand(still.length > 0 ? still : missing), tail(output));
}

/** The full path of a server, or undefined. */
export function findServer(name, path = process.env.PATH ?? '', places = USUAL_PLACES) {
  const dirs = [...path.split(delimiter), ...places].filter((dir) => dir !== '');
  return dirs.map((dir) => join(dir, name)).find(isExecutable);
}

/** The command that installs `missing` here; throws with the way by hand where there is none. */
export async function installCommand(
  missing,
  platform = process.platform,
  can = succeeds,
  uid = process.getuid?.(),
) {
  if (platform === 'darwin' && (await can('brew', '--version'))) {
    return ['brew', 'install', ...missing.map((name) => BREW_FORMULAE[name])];
  }
  if (platform === 'linux' && (await can('apt-get', '--version'))) {
    const install = ['sh', '-c', APT_SCRIPT, 'apt', ...missing];
    if (uid === 0) return install;
    if (await can('sudo', '-n', 'true')) return ['sudo', '-n', ...install];
  }
  throw new SetupError(byHand(missing));
}

function byHand(missing) {
  return `install ${missing.join(' and ')} (e.g. sudo apt-get install ${missing.join(' ')}) and start again, or run all of it in containers: docker compose up`;
}

function missingServers() {
  return SERVERS.filter((name) => findServer(name) === undefined);
}

async function succeeds(command, ...args) {
  return (await run(command, args)).code === 0;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
