import { DEFAULT_DOMAIN, MultiswarmError } from '@multiswarm/contracts';

/**
 * The JetStream domain whose mailboxes are kept: that of the server. Where the server has none, the setting names it, or it is `hub`.
 * @param ofServer as the server says it
 * @param set JETSTREAM_DOMAIN
 * @throws MultiswarmError `feature-not-available` where the two differ: streams would be made that nobody's subjects name
 */
export function homeDomain(ofServer: string | undefined, set: string | undefined): string {
  if (ofServer === undefined) return set ?? DEFAULT_DOMAIN;
  if (set === undefined || set === ofServer) return ofServer;
  throw new MultiswarmError(
    'feature-not-available',
    `the nats-server is in the JetStream domain "${ofServer}", and JETSTREAM_DOMAIN says "${set}": leave it out, or name the server that was meant with NATS_URL`,
  );
}
