/**
 * What is done by hand says who asked. Until there is identity that is a name which the client gives; where it gives none, the way
 * on which the request came is told.
 */

/** @param way `nats`, or `http:` and the address of the one who is connected */
export function named<T extends { requestedBy?: string | undefined }>(
  asked: T,
  way: string,
): T & { requestedBy: string } {
  return { ...asked, requestedBy: asked.requestedBy ?? way };
}
