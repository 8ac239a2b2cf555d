import { z } from 'zod';
import { LIMITS } from './limits';
import { Name, recordOf, RegionPattern, Scalar } from './names';

/** What an attempt occupies beside its slot. */
export const Resources = z.strictObject({
  cpu: z.number().nonnegative().optional().describe('cores'),
  memoryMb: z.number().nonnegative().optional().describe('MiB of memory'),
  gpu: z.number().int().nonnegative().optional().describe('whole GPUs'),
});
export type Resources = z.infer<typeof Resources>;

/**
 * What a task asks of the swarm that runs it.
 * `attributes` are scalars that the swarm must declare: a number means "at least", anything else "equal".
 */
export const Requirements = z.strictObject({
  capabilities: z
    .array(Name)
    .max(LIMITS.LIST_ITEMS)
    .optional()
    .describe('every one must be advertised by the swarm'),
  region: z
    .array(RegionPattern)
    .max(LIMITS.LIST_ITEMS)
    .optional()
    .describe('regions or patterns such as eu-*; any of them'),
  resources: Resources.optional(),
  labels: recordOf(Name, z.string().max(LIMITS.NAME_CHARS))
    .optional()
    .describe('labels that the swarm must carry'),
  attributes: recordOf(Name, Scalar)
    .optional()
    .describe('numbers: at least; otherwise equal to, or one of, what the swarm declares'),
});
export type Requirements = z.infer<typeof Requirements>;

const KNOWN = new Set(['capabilities', 'region', 'resources', 'labels', 'attributes']);

/**
 * The brief's flat requirements, rewritten (documented in `docs/requirements.md`):
 *
 * | given | becomes |
 * |---|---|
 * | `region: "eu-west"` | `region: ["eu-west"]` |
 * | `capabilities: "llm"` | `capabilities: ["llm"]` |
 * | `requires_gpu: true` | `resources: { gpu: 1 }` |
 * | `cpu_intensive: true` | `resources: { cpu: 2 }` |
 * | `cost_sensitive: true` | `attributes: { cost_sensitive: true }` is dropped: it is a preference, and every placement breaks ties by price |
 * | any other scalar `k: v` | `attributes: { k: v }` |
 *
 * Anything that is not an object, or a key that is neither known nor scalar, is left for the schema to refuse.
 */
export function normalizeRequirements(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  // Maps, because an assignment to the key `__proto__` of an object would not make an entry.
  const out = new Map<string, unknown>();
  const attributes = new Map<string, unknown>();
  const resources = new Map<string, unknown>();
  for (const [key, value] of Object.entries(given)) {
    if ((key === 'region' || key === 'capabilities') && typeof value === 'string') out.set(key, [value]);
    else if (KNOWN.has(key)) out.set(key, value);
    else if (key === 'requires_gpu' && typeof value === 'boolean') {
      if (value) resources.set('gpu', 1);
    } else if (key === 'cpu_intensive' && typeof value === 'boolean') {
      if (value) resources.set('cpu', 2);
    } else if (key === 'cost_sensitive' && typeof value === 'boolean') continue;
    else if (key !== '__proto__' && ['string', 'number', 'boolean'].includes(typeof value))
      attributes.set(key, value);
    else out.set(key, value);
  }
  addTo(out, 'attributes', attributes);
  addTo(out, 'resources', resources);
  return Object.fromEntries(out);
}

/** What was given under the key itself wins, and stays as it is where it is not even an object: the schema refuses it. */
function addTo(out: Map<string, unknown>, key: string, flat: ReadonlyMap<string, unknown>): void {
  const given = out.get(key) ?? {};
  if (flat.size === 0 || typeof given !== 'object' || Array.isArray(given)) return;
  out.set(key, { ...Object.fromEntries(flat), ...given });
}
