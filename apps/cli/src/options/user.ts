import type { Io } from '../io';

/** Who is at the keyboard, as far as the environment says. */
export function userIn(env: Io['env']): string | undefined {
  return [env['USER'], env['LOGNAME'], env['USERNAME']].find((name) => name !== undefined && name !== '');
}
