import { z } from 'zod';
import { AttributeAsked, LabelAsked, looksLikeConstraint } from './comparators';
import { LIMITS } from './limits';
import { Name, recordOf, RegionPattern } from './names';

const amount = z.number().nonnegative().max(LIMITS.RESOURCE_AMOUNT);
const whole = amount.int();

/** What an attempt occupies beside its slot; of a swarm, what all its slots share. */
export const Resources = z.strictObject({
  cpu: amount.optional().describe('cores'),
  memoryMb: amount.optional().describe('MiB of memory'),
  gpu: z
    .union([whole, recordOf(Name, whole, LIMITS.RESOURCE_KINDS)])
    .optional()
    .describe('whole GPUs: a number of any type, or numbers by type, where the type `any` is any'),
  custom: recordOf(Name, amount, LIMITS.RESOURCE_KINDS)
    .optional()
    .describe('counters of your own, such as licences'),
});
export type Resources = z.infer<typeof Resources>;

/** What can be asked of a swarm, and be preferred. */
export const conditions = {
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
  labels: recordOf(Name, LabelAsked, LIMITS.LIST_ITEMS)
    .optional()
    .describe('labels that the swarm must carry: a text, or comparators such as {"in": ["a", "b"]}'),
  attributes: recordOf(Name, AttributeAsked, LIMITS.LIST_ITEMS)
    .optional()
    .describe(
      'numbers: at least; otherwise equal to, or one of, what the swarm declares; or comparators such as {"<": 5}',
    ),
};

/**
 * What a task asks of the swarm that runs it: all of it must hold.
 * What of several that do it should rather be is `Routing`.
 */
export const Requirements = z.strictObject({
  capabilities: conditions.capabilities,
  region: conditions.region,
  resources: Resources.optional(),
  labels: conditions.labels,
  attributes: conditions.attributes,
  maxCostPerSlotHour: z
    .number()
    .nonnegative()
    .optional()
    .describe('USD: swarms whose slots cost more are not used, however long it takes'),
});
export type Requirements = z.infer<typeof Requirements>;

const KNOWN: ReadonlySet<string> = new Set(Object.keys(Requirements.shape));

/**
 * Flat requirements, rewritten (documented in `docs/requirements.md`):
 *
 * | given | becomes |
 * |---|---|
 * | `region: "eu-west"` | `region: ["eu-west"]` |
 * | `capabilities: "llm"` | `capabilities: ["llm"]` |
 * | `requires_gpu: true` | `resources: { gpu: 1 }` |
 * | `cpu_intensive: true` | `resources: { cpu: 2 }` |
 * | `cost_sensitive: true` | `attributes: { cost_sensitive: true }` is dropped: it is a preference, and every placement breaks ties by price |
 * | any other scalar `k: v` | `attributes: { k: v }` |
 * | any other key with comparators, `k: { ">=": 2 }` | `attributes: { k: { ">=": 2 } }` |
 *
 * Anything that is not an object, or a key that is none of these, is left for the schema to refuse.
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
    else if (key !== '__proto__' && isAttribute(value)) attributes.set(key, value);
    else out.set(key, value);
  }
  addTo(out, 'attributes', attributes);
  addTo(out, 'resources', resources);
  return Object.fromEntries(out);
}

function isAttribute(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) || looksLikeConstraint(value);
}

/** What was given under the key itself wins, and stays as it is where it is not even an object: the schema refuses it. */
function addTo(out: Map<string, unknown>, key: string, flat: ReadonlyMap<string, unknown>): void {
  const given = out.get(key) ?? {};
  if (flat.size === 0 || typeof given !== 'object' || Array.isArray(given)) return;
  out.set(key, { ...Object.fromEntries(flat), ...given });
}
