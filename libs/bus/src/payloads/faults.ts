import { MultiswarmError } from '@multiswarm/contracts';
import { StreamRefusal } from '../stored';

/** What went wrong with the store of payloads, as ours: what is no answer of the store is that it does not answer. */
export function payloadFault(error: unknown, doing: string): unknown {
  if (error instanceof MultiswarmError) return error;
  if (error instanceof StreamRefusal)
    return new MultiswarmError(
      error.isFull ? 'payload-store-full' : 'payload-store-unavailable',
      `${doing}: ${error.message}`,
      { cause: error },
    );
  // A caller's own abort is no matter of the store.
  if (error instanceof Error && error.name === 'AbortError') return error;
  return new MultiswarmError(
    'payload-store-unavailable',
    `${doing}: JetStream does not answer (it may be starting, or cannot be reached from here)`,
    { cause: error },
  );
}

/** Whether something could not be done since there is no such store at all. */
export function isNoStore(error: unknown): boolean {
  return error instanceof MultiswarmError && error.cause instanceof StreamRefusal && error.cause.isMissing;
}

export function notFound(id: string): MultiswarmError {
  return new MultiswarmError(
    'payload-not-found',
    `there is no payload "${id}": it was never stored, or nothing has referred to it for too long`,
  );
}

export function tooLarge(bytes: number | undefined, limit: number): MultiswarmError {
  const many = bytes === undefined ? `more than ${limit}` : String(bytes);
  return new MultiswarmError(
    'payload-too-large',
    `the payload has ${many} bytes, the limit is ${limit} (PAYLOAD_BYTES)`,
  );
}
