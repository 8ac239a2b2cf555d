import { MultiswarmError, type JsonValue, type PayloadRef } from '@multiswarm/contracts';

/** The value of a payload. @throws MultiswarmError `payload-corrupt` where it is not JSON: whoever stored it did not store a value */
export function parsePayload(ref: PayloadRef, bytes: Buffer): JsonValue {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue; // what JSON.parse returns is a JSON value
  } catch (cause) {
    throw new MultiswarmError('payload-corrupt', `the payload "${ref.id}" is not JSON`, { cause });
  }
}
