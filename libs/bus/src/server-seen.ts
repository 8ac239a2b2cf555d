import { MultiswarmError, type ServerSeen } from '@multiswarm/contracts';
import { NoRespondersError } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Bus } from './bus';

const TIMEOUT_MS = 5_000;
const Account = z.object({ domain: z.string().optional() });

/**
 * The server of this connection: its version, whether JetStream answers, and under which domain. The greeting of a server does not
 * say the last two for sure: JetStream may be on a server that this one leads to.
 * @throws MultiswarmError `bus-unavailable` where that cannot be found out now
 */
export async function serverSeen({ connection, serverVersion: version }: Bus): Promise<ServerSeen> {
  try {
    const answer = await connection.request('$JS.API.INFO', '', { timeout: TIMEOUT_MS });
    return { version, jetstream: true, domain: Account.safeParse(answer.json()).data?.domain };
  } catch (cause) {
    if (isNobody(cause)) return { version, jetstream: false };
    throw new MultiswarmError(
      'bus-unavailable',
      `nats-server ${version} does not say whether it has JetStream`,
      {
        cause,
      },
    );
  }
}

/** The client wraps it where it tells which request found nobody. */
function isNobody(error: unknown): boolean {
  if (error instanceof NoRespondersError) return true;
  return error instanceof Error && error.cause instanceof NoRespondersError;
}
