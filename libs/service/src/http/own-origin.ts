import { MultiswarmError } from '@multiswarm/contracts';
import type { RouteRequest } from './route';

/**
 * A page of another site can open WebSockets and event streams in its reader's name, and the browser does not ask us first.
 * @throws MultiswarmError `origin-not-allowed`
 */
export function assertOwnOrigin({ headers: { origin, host } }: Pick<RouteRequest, 'headers'>): void {
  if (origin === undefined || hostOf(origin) === host) return;
  throw new MultiswarmError(
    'origin-not-allowed',
    `pages of ${origin} may not do this: only those of ${host ?? 'this host'}, and programs, which send no Origin`,
  );
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
