import { LIMITS, parseOrThrow } from '@multiswarm/contracts';
import { z } from 'zod';

const IdempotencyKey = z.object({ 'idempotency-key': z.string().min(1).max(LIMITS.NAME_CHARS) });

/** A body that is documented by a schema and handed on as it came: the intake reports graph faults beside schema faults. */
export function described(schema: z.ZodType): z.ZodType {
  return z
    .unknown()
    .meta(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>);
}

/** `Idempotency-Key` as the body's `idempotencyKey`, where the body has none of its own. */
export function withKey(body: unknown, header: string | string[] | undefined): unknown {
  if (header === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const key = parseOrThrow(IdempotencyKey, { 'idempotency-key': header })['idempotency-key'];
  return 'idempotencyKey' in body ? body : { ...body, idempotencyKey: key };
}
