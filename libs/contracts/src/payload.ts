import { z } from 'zod';
import { LIMITS } from './limits';

/**
 * The id of a payload says what it is: `<namespace>.<sha256 of its bytes, in hex>`. So the same bytes of one namespace are one
 * payload, however often they are stored, and whoever reads one can tell whether it is the right one.
 */
export const PayloadId = z
  .string()
  .max(LIMITS.NAME_CHARS + 65)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]*\.[0-9a-f]{64}$/,
    'a payload id looks like default.9f86d081…: a namespace, a dot, 64 hex digits',
  );

/** A JSON value that is too large to travel with its task: where it is, and how large. */
export const PayloadRef = z.strictObject({
  id: PayloadId,
  bytes: z.number().int().min(1).max(LIMITS.PAYLOAD_BYTES),
});
export type PayloadRef = z.infer<typeof PayloadRef>;

export function payloadId(namespace: string, sha256Hex: string): string {
  return `${namespace}.${sha256Hex}`;
}

/** The parts of an id that fits `PayloadId`. */
export function partsOfPayloadId(id: string): { namespace: string; sha256Hex: string } {
  const dot = id.lastIndexOf('.');
  return { namespace: id.slice(0, dot), sha256Hex: id.slice(dot + 1) };
}

/** One place where a payload belongs, and what is wrong there. */
export const PayloadFault = z.object({
  kind: z
    .enum(['orphan', 'abandoned-upload', 'dangling', 'incomplete', 'stale-index'])
    .describe(
      'orphan: stored, and nothing refers to it; abandoned-upload: parts of what was never finished; dangling: a task refers to what is not stored; incomplete: parts of it are missing; stale-index: noted for a task that is not there',
    ),
  payload: z.string().describe('its id, or that of the upload'),
  taskId: z.string().optional(),
  bytes: z.number().int().nonnegative().optional(),
  ageMs: z.number().int().nonnegative().optional().describe('since somebody last stored or claimed it'),
  repaired: z.boolean().describe('it is gone now'),
  note: z.string().optional(),
});
export type PayloadFault = z.infer<typeof PayloadFault>;

export const CheckPayloads = z.strictObject({
  repair: z
    .boolean()
    .default(false)
    .describe('remove what is older than the grace time, and nothing refers to'),
  limit: z.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(100).describe('faults to list'),
});
export type CheckPayloads = z.output<typeof CheckPayloads>;

export const PayloadCheck = z.object({
  payloads: z.number().int().describe('stored'),
  bytes: z.number().int(),
  references: z.number().int().describe('of tasks'),
  graceMs: z.number().int(),
  counts: z.record(z.string(), z.number().int()).describe('faults by kind'),
  repaired: z.number().int(),
  items: z.array(PayloadFault),
});
export type PayloadCheck = z.infer<typeof PayloadCheck>;
