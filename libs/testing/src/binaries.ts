import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

// Debian puts nats-server into /usr/sbin, which is not on the PATH of ordinary users.
const USUAL_PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];

/** A server that the tests need is not installed. */
export class MissingBinaryError extends Error {
  constructor(name: string) {
    super(
      `${name} is not installed (looked in PATH and ${USUAL_PLACES.join(', ')}): run "npm test" once, it installs it`,
    );
    this.name = 'MissingBinaryError';
  }
}

/** The full path of an executable; throws `MissingBinaryError`. */
export function findBinary(
  name: string,
  path = process.env['PATH'] ?? '',
  places: readonly string[] = USUAL_PLACES,
): string {
  const candidates = [...path.split(delimiter), ...places]
    .filter((place) => place !== '')
    .map((place) => join(place, name));
  const found = candidates.find(isExecutable);
  if (found === undefined) throw new MissingBinaryError(name);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
