/**
 * What is kept of a request says who asked. Until there is identity that is a name which the client gives; where it gives none,
 * the way on which the request came is told, so that no entry of a history or a log is without a "who".
 */

/** @param way `nats`, or that of an HTTP request */
export function named<T extends { requestedBy?: string | undefined }>(
  asked: T,
  way: string,
): T & { requestedBy: string } {
  return { ...asked, requestedBy: asked.requestedBy ?? way };
}

/** @param peer address of the one who is connected: that of a proxy where there is one */
export function httpWay(peer: string): string {
  return `http:${peer}`;
}

/** NATS does not tell a service who its clients are. */
export const NATS_WAY = 'nats';
