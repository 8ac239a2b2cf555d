import { JetStreamApiError } from '@nats-io/jetstream';
import { NoRespondersError, RequestError } from '@nats-io/transport-node';
import { MultiswarmError } from '@multiswarm/contracts';
import { StreamRefusal } from '../stored';

const CONFLICT: ReadonlySet<number> = new Set([10_071, 10_164]);
/** Maximum bytes or messages, insufficient storage, no resources. */
const FULL: ReadonlySet<number> = new Set([10_047, 10_023, 10_077, 10_122]);
/** JetStream is off: for the server, for the account. */
const OFF: ReadonlySet<number> = new Set([10_076, 10_039]);
const TOO_LARGE = 10_054;
const NO_STREAM = 10_059;
const NO_CLUSTER = 10_074;

export function isNoBucket(error: unknown): boolean {
  return codeOf(error) === NO_STREAM;
}

/** Nobody listens where the bucket's leader would: there is none, or there is no bucket. Nothing was written. */
export function isNobodyThere(error: unknown): boolean {
  if (error instanceof NoRespondersError) return true;
  if (error instanceof RequestError) return error.isNoResponders();
  return error instanceof Error && error.cause !== undefined && isNobodyThere(error.cause);
}

/** What went wrong with a bucket, as ours: what is no answer of JetStream is that it does not answer. */
export function keyValueFault(error: unknown, doing: string): unknown {
  // A mistake in the code is none of the server.
  if (error instanceof MultiswarmError || error instanceof TypeError) return error;
  const given = { cause: error };
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error))
    return new MultiswarmError('state-unavailable', silence(error, doing), given);
  const { message } = error;
  if (CONFLICT.has(code))
    return new MultiswarmError('revision-conflict', `${doing}: it was changed since it was read`, given);
  if (code === TOO_LARGE)
    return new MultiswarmError('body-too-large', `${doing}: the value is too large`, given);
  if (FULL.has(code)) return new MultiswarmError('state-full', `${doing}: ${message}`, given);
  if (code === NO_STREAM)
    return new MultiswarmError('state-not-found', `${doing}: there is no such bucket`, given);
  if (code === NO_CLUSTER)
    return new MultiswarmError(
      'feature-not-available',
      `${doing}: several replicas need a cluster of NATS servers, and this server has none: set STREAM_REPLICAS=1, or run a cluster`,
      given,
    );
  if (OFF.has(code))
    return new MultiswarmError(
      'feature-not-available',
      `${doing}: JetStream is off: start nats-server with -js`,
      given,
    );
  return new MultiswarmError('state-unavailable', `${doing}: ${message}`, given);
}

function codeOf(error: unknown): number | undefined {
  if (error instanceof JetStreamApiError) return error.code;
  return error instanceof StreamRefusal ? error.errCode : undefined;
}

function silence(error: unknown, doing: string): string {
  return isNobodyThere(error)
    ? `${doing}: NATS has no leader for it, so there is no quorum (or JetStream is off); nothing was changed`
    : `${doing}: JetStream did not answer in time; a write may have happened all the same`;
}
