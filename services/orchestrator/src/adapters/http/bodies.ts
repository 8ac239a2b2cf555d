import { LIMITS, MultiswarmError, parseOrThrow } from '@multiswarm/contracts';
import { z } from 'zod';

const IdempotencyKey = z.object({
  headers: z.object({ 'idempotency-key': z.string().min(1).max(LIMITS.NAME_CHARS) }),
});

/** What may go wrong with an input that goes by reference. */
export const PAYLOAD_ERRORS = [
  'payload-not-found',
  'payload-store-full',
  'payload-store-unavailable',
] as const;

/** A body that is documented by a schema and handed on as it came: the intake reports graph faults beside schema faults. */
export function described(schema: z.ZodType): z.ZodType {
  return z
    .unknown()
    .meta(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>);
}

/**
 * `Idempotency-Key` as the body's `idempotencyKey`.
 * @throws MultiswarmError `invalid-request` where the body has another one of its own
 */
export function withKey(body: unknown, header: string | string[] | undefined): unknown {
  if (header === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { headers } = parseOrThrow(IdempotencyKey, { headers: { 'idempotency-key': header } });
  const key = headers['idempotency-key'];
  if (!('idempotencyKey' in body)) return { ...body, idempotencyKey: key };
  if (body.idempotencyKey === key) return body;
  throw keyFault('the header Idempotency-Key and the idempotencyKey of the body differ: give one of them');
}

/** @throws MultiswarmError `invalid-request` where a key is given for what has none as a whole */
export function withoutKey(header: string | string[] | undefined): void {
  if (header === undefined) return;
  throw keyFault('a batch has no key as a whole: give each of its tasks an idempotencyKey');
}

function keyFault(message: string): MultiswarmError {
  const findings = [{ pointer: '/headers/idempotency-key', code: 'idempotency-key', message }];
  return new MultiswarmError('invalid-request', message, { findings });
}
