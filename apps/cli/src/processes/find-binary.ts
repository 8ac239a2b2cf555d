import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

// Debian puts nats-server into /usr/sbin, which is not on the PATH of ordinary users.
const USUAL_PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];

/** The full path of a program; undefined where it is not installed. */
export function findBinary(name: string, path = ''): string | undefined {
  const places = [...path.split(delimiter), ...USUAL_PLACES].filter((place) => place !== '');
  return places.map((place) => join(place, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
