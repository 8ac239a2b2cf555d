import type { JsonValue } from '@multiswarm/contracts';
import { resolveReference } from './reference';
import { ANY, ARRAY, OBJECT, typeOfValue, typesNamed, type Types } from './types';

/**
 * What is known of a value before it is there: by a JSON Schema (2020-12), by what runs look like, or by what an expression
 * makes. Only what is certain is said: a schema that leaves something open, or has a keyword that is not looked at here,
 * makes the value anything.
 */
export type Shape =
  | { readonly kind: 'types'; readonly types: Types }
  | { readonly kind: 'schema'; readonly schema: unknown; readonly root: unknown }
  | { readonly kind: 'either'; readonly of: readonly Shape[] }
  | { readonly kind: 'both'; readonly of: readonly Shape[] }
  | { readonly kind: 'fields'; field(name: string): Shape | undefined }
  | { readonly kind: 'list'; readonly element: Shape };

export const ANYTHING: Shape = { kind: 'types', types: ANY };
export const NOTHING: Shape = { kind: 'types', types: 0 };

export const ofTypes = (types: Types): Shape => ({ kind: 'types', types });
export const ofSchema = (schema: unknown): Shape =>
  schema === undefined ? ANYTHING : { kind: 'schema', schema, root: schema };
export const listOf = (element: Shape): Shape => ({ kind: 'list', element });

/** An object that has these fields and no other ones. */
export const ofFields = (fields: ReadonlyMap<string, Shape>): Shape => ({
  kind: 'fields',
  field: (name) => fields.get(name),
});

/** Schemas may refer to themselves, and to each other many times over: one question looks at so many of them at most. */
const VISITS = 1_000;

/** The types that a value may have; none where there can be no value. */
export function typesOf(shape: Shape): Types {
  return new Question().typesOf(shape);
}

/** What stands at a field. */
export function fieldOf(shape: Shape, name: string): Shape {
  return new Question().childOf(shape, name);
}

/** What stands at an index; without one, at any. */
export function elementOf(shape: Shape, index?: number): Shape {
  return new Question().childOf(shape, index);
}

/** Fields that an object must have. */
export function requiredBy(shape: Shape): Set<string> {
  return new Question().requiredBy(shape);
}

export function either(shapes: readonly Shape[]): Shape {
  const [only] = shapes;
  return only !== undefined && shapes.length === 1 ? only : { kind: 'either', of: shapes };
}

function both(shapes: readonly Shape[]): Shape {
  const telling = shapes.filter((shape) => shape !== ANYTHING);
  const [only] = telling;
  if (only === undefined) return ANYTHING;
  return telling.length === 1 ? only : { kind: 'both', of: telling };
}

class Question {
  private left = VISITS;

  typesOf(shape: Shape): Types {
    if (--this.left < 0) return ANY;
    switch (shape.kind) {
      case 'types':
        return shape.types;
      case 'fields':
        return OBJECT;
      case 'list':
        return ARRAY;
      case 'either':
        return shape.of.reduce((types, each) => types | this.typesOf(each), 0);
      case 'both':
        return shape.of.reduce((types, each) => types & this.typesOf(each), ANY);
      case 'schema': {
        const { schema } = shape;
        if (schema === false) return 0;
        if (!isRecord(schema)) return ANY;
        return partsOf(schema, shape.root).reduce(
          (types, part) => types & this.typesOf(part),
          ownTypes(schema),
        );
      }
    }
  }

  /** @param key name of a field, index of an element, or any element */
  childOf(shape: Shape, key: string | number | undefined): Shape {
    if (--this.left < 0) return ANYTHING;
    const needed = typeof key === 'string' ? OBJECT : ARRAY;
    switch (shape.kind) {
      case 'types':
        return (shape.types & needed) === 0 ? NOTHING : ANYTHING;
      case 'fields':
        return typeof key === 'string' ? (shape.field(key) ?? NOTHING) : NOTHING;
      case 'list':
        return typeof key === 'string' ? NOTHING : shape.element;
      case 'either': {
        const left = shape.of
          .map((each) => this.childOf(each, key))
          .filter((each) => this.typesOf(each) !== 0);
        return left.length === 0 ? NOTHING : either(left);
      }
      case 'both':
        return both(shape.of.map((each) => this.childOf(each, key)));
      case 'schema': {
        const { schema, root } = shape;
        if (schema === false) return NOTHING;
        if (!isRecord(schema)) return ANYTHING;
        if ((this.typesOf(shape) & needed) === 0) return NOTHING;
        return both([
          ownChild(schema, root, key),
          ...partsOf(schema, root).map((part) => this.childOf(part, key)),
        ]);
      }
    }
  }

  requiredBy(shape: Shape): Set<string> {
    if (--this.left < 0) return new Set();
    if (shape.kind === 'both') return new Set(shape.of.flatMap((each) => [...this.requiredBy(each)]));
    if (shape.kind !== 'schema' || !isRecord(shape.schema)) return new Set();
    const own: unknown[] = Array.isArray(shape.schema['required']) ? shape.schema['required'] : [];
    const parts = partsOf(shape.schema, shape.root).flatMap((part) => [...this.requiredBy(part)]);
    return new Set([...own.filter((name) => typeof name === 'string'), ...parts]);
  }
}

type SchemaObject = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(schema: SchemaObject, keyword: string): unknown {
  return Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
}

/** By `type`, `enum` and `const`. */
function ownTypes(schema: SchemaObject): Types {
  let types = ANY;
  if (own(schema, 'type') !== undefined) types &= typesNamed(schema['type']);
  const listed = own(schema, 'enum');
  if (Array.isArray(listed)) types &= typesOfValues(listed);
  if (own(schema, 'const') !== undefined) types &= typesOfValues([schema['const']]);
  return types;
}

function typesOfValues(values: readonly unknown[]): Types {
  return values.reduce<Types>((types, value) => types | typeOfValue(value as JsonValue), 0); // of a document of JSON
}

/** The schemas that hold besides its own keywords. */
function partsOf(schema: SchemaObject, root: unknown): Shape[] {
  const parts: Shape[] = [];
  const at = (part: unknown): Shape => ({ kind: 'schema', schema: part, root });
  const reference = own(schema, '$ref');
  if (typeof reference === 'string') parts.push(at(resolveReference(root, reference)));
  const all = own(schema, 'allOf');
  if (Array.isArray(all)) parts.push(...all.map(at));
  for (const keyword of ['anyOf', 'oneOf']) {
    const some = own(schema, keyword);
    if (Array.isArray(some) && some.length > 0) parts.push(either(some.map(at)));
  }
  return parts;
}

function ownChild(schema: SchemaObject, root: unknown, key: string | number | undefined): Shape {
  const found = typeof key === 'string' ? propertySchema(schema, key) : itemSchema(schema, key);
  if (found === false) return NOTHING;
  return found === undefined || found === true ? ANYTHING : { kind: 'schema', schema: found, root };
}

/** A pattern of a schema is not tried: a regular expression of JavaScript may take exponential time. */
function propertySchema(schema: SchemaObject, name: string): unknown {
  const properties = own(schema, 'properties');
  if (isRecord(properties) && Object.hasOwn(properties, name)) return properties[name];
  if (own(schema, 'patternProperties') !== undefined) return undefined;
  return own(schema, 'additionalProperties');
}

function itemSchema(schema: SchemaObject, index: number | undefined): unknown {
  const most = own(schema, 'maxItems');
  if (typeof most === 'number' && (most === 0 || (index !== undefined && index >= most))) return false;
  const first = own(schema, 'prefixItems');
  if (!Array.isArray(first)) return own(schema, 'items');
  if (index === undefined || index < 0) return undefined;
  return index < first.length ? (first as unknown[])[index] : own(schema, 'items');
}
