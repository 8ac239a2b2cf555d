import fc from 'fast-check';

/** A JSON schema, as far as zod writes them. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

export interface Known {
  /** What a `$ref` points at. */
  definition: (ref: string) => JsonSchema;
  /** Texts that stand for something that is there, by what they look like: ids of tasks, swarms, namespaces. */
  texts: (schema: JsonSchema, name: string) => readonly string[];
}

const DEPTH = 5;
const MOST_ITEMS = 4;
const BIGGEST = 1_000_000;

/** Values that fit a schema, small ones first. */
export function fromSchema(
  schema: JsonSchema,
  known: Known,
  name = '',
  depth = DEPTH,
): fc.Arbitrary<unknown> {
  const inside = (inner: JsonSchema, key = name): fc.Arbitrary<unknown> =>
    fromSchema(inner, known, key, depth - 1);
  if (depth <= 0) return fc.constantFrom<unknown>(null, 1, 'a');
  if (schema.$ref !== undefined) return inside(known.definition(schema.$ref));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const kinds = schema.anyOf ?? schema.oneOf;
  if (kinds) return fc.oneof(...kinds.map((kind) => inside(kind)));
  if (schema.allOf) return fc.tuple(...schema.allOf.map((part) => inside(part))).map(merged);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return text(schema, known.texts(schema, name));
    case 'integer':
      return fc.integer(rangeOf(schema));
    case 'number':
      return fc.oneof(fc.integer(rangeOf(schema)), fc.double({ ...rangeOf(schema), noNaN: true }));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return list(schema, inside);
    case 'object':
      return object(schema, inside);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Enough for what a pattern asks for at least: the id of a payload has 66 characters. */
const LONGEST_MATCH = 80;

type Inside = (schema: JsonSchema, key?: string) => fc.Arbitrary<unknown>;

function merged(parts: unknown[]): unknown {
  return parts.reduce((all, part) => (typeof part === 'object' ? { ...(all as object), ...part } : part), {});
}

function text(schema: JsonSchema, there: readonly string[]): fc.Arbitrary<unknown> {
  const { pattern, format, minLength = 0, maxLength = 40 } = schema;
  const made =
    format === 'date-time'
      ? fc
          .date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString())
      : pattern === undefined
        ? fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 20) })
        : fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(maxLength, LONGEST_MATCH) });
  return there.length === 0
    ? made
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...there) }, { weight: 1, arbitrary: made });
}

function rangeOf(schema: JsonSchema): { min: number; max: number } {
  const least = Math.max(schema.minimum ?? -BIGGEST, (schema.exclusiveMinimum ?? -BIGGEST - 1) + 1);
  const most = Math.min(schema.maximum ?? BIGGEST, (schema.exclusiveMaximum ?? BIGGEST + 1) - 1, BIGGEST);
  const min = Math.ceil(Math.max(least, -BIGGEST));
  return { min, max: Math.max(min, Math.floor(most)) };
}

function list(
  { items, prefixItems, minItems = 0, maxItems }: JsonSchema,
  inside: Inside,
): fc.Arbitrary<unknown> {
  if (prefixItems) return fc.tuple(...prefixItems.map((item) => inside(item)));
  const maxLength = Math.min(maxItems ?? MOST_ITEMS, Math.max(minItems, MOST_ITEMS));
  return fc.array(inside(items ?? {}), { minLength: minItems, maxLength });
}

function object(schema: JsonSchema, inside: Inside): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  const fields = Object.fromEntries(
    Object.entries(properties).map(([key, field]) => [key, inside(field, key)]),
  );
  const own = fc.record(fields, {
    requiredKeys: required.filter((key) => key in fields),
    noNullPrototype: true,
  });
  if (typeof additionalProperties !== 'object' || Object.keys(properties).length > 0) return own;
  const keys = inside(propertyNames ?? { type: 'string' }) as fc.Arbitrary<string>;
  return fc.dictionary(keys.map(String), inside(additionalProperties), { maxKeys: 3, noNullPrototype: true });
}
