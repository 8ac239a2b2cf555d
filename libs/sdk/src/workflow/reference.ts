import { MultiswarmError, type JsonValue } from '@multiswarm/contracts';
import { celOf, pathOf, type Place, type Segment } from './place';

declare const VALUE: unique symbol;
const PLACE = Symbol('place');

/** Something that a run will know, of this type: what an input takes. A reference of the type `never` goes anywhere. */
export interface Reference<out T> {
  readonly [VALUE]: () => T;
}

/**
 * A reference whose fields are references: `step.output.title` stands for the JSON path `$.steps.fetch.output.title`. What may be
 * absent makes so what is behind it. Of a list the first ten items are fields; `ref.at` has the others.
 */
export type Ref<T> = Reference<T> & ([T] extends [never] ? unknown : Fields<NonNullable<T>, Absent<T>>);
type Absent<T> = null extends T ? undefined : undefined extends T ? undefined : never;

type Fields<T, None> = T extends readonly (infer E)[]
  ? { readonly [I in Digit]: Ref<E | None> }
  : T extends object
    ? { readonly [K in keyof T]-?: Ref<T[K] | None> }
    : unknown;
type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** What a value of this type may be given as: itself, a reference to it, or an object of which whole fields are references. */
export type Given<T> = JsonValue extends T ? AnyGiven : Reference<T> | GivenValue<T>;
type GivenValue<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]: T[K] | Reference<Exclude<T[K], undefined>> }
    : T;
type AnyGiven = Reference<unknown> | JsonValue | { readonly [field: string]: JsonValue | Reference<unknown> };

/** The type of a reference to a value of which no schema says anything is `never`: it goes anywhere. */
export type Known<T> = JsonValue extends T ? never : T;

/** Every field of it is a reference again: which ones there are the types know. */
export function refTo<T>(place: Place): Ref<T> {
  const handler: ProxyHandler<object> = {
    get: (_target, key) => {
      if (key === PLACE) return place;
      return typeof key === 'symbol' ? undefined : further(place, segmentOf(key));
    },
    has: (_target, key) => key === PLACE,
  };
  // The proxy has whatever fields the type says.
  return new Proxy(Object.freeze({}), handler) as Ref<T>;
}

function segmentOf(key: string): Segment {
  return /^\d+$/.test(key) ? { kind: 'item', index: Number(key) } : { kind: 'field', name: key };
}

function further<T>(place: Place, segment: Segment): Ref<T> {
  if (place.isList)
    throw new MultiswarmError(
      'invalid-workflow',
      `${pathOf(place.segments)} finds several values, which are taken as one list: nothing can be behind it`,
    );
  return refTo<T>({ ...place, segments: [...place.segments, segment] });
}

export function isReference(value: unknown): value is Reference<unknown> {
  return typeof value === 'object' && value !== null && PLACE in value;
}

export function placeOf(reference: Reference<unknown>): Place {
  return (reference as unknown as { [PLACE]: Place })[PLACE]; // all references are made by `refTo`
}

export function jsonPathOf(reference: Reference<unknown>): string {
  return pathOf(placeOf(reference).segments);
}

export function celPathOf(reference: Reference<unknown>): string {
  return celOf(placeOf(reference).segments);
}

function at(unknown: Reference<never>, key: string | number): Ref<never>;
function at<E>(list: Reference<readonly E[]>, index: number): Ref<E>;
function at<V>(object: Reference<Readonly<Record<string, V>>>, field: string): Ref<V>;
function at(from: Reference<unknown>, key: string | number): Ref<never> {
  if (typeof key === 'string') return further(placeOf(from), { kind: 'field', name: key });
  if (Number.isInteger(key)) return further(placeOf(from), { kind: 'item', index: key });
  throw new MultiswarmError('invalid-workflow', `an item of a list has a whole number, not ${key}`);
}

/** The list of a field of all items, or of all items of a slice. */
function each<E, R>(list: Reference<readonly E[]>, field: (item: Ref<Known<E>>) => Reference<R>): Ref<R[]> {
  const { isList: _whole, ...place } = placeOf(list);
  const isSlice = place.segments.at(-1)?.kind === 'slice';
  const item = isSlice ? refTo<Known<E>>(place) : several<Known<E>>(list, { kind: 'each' });
  return refTo<R[]>({ ...placeOf(field(item)), isList: true });
}

function slice<E>(list: Reference<readonly E[]>, from: number, before?: number): Ref<E[]> {
  return refTo<E[]>({ ...placeOf(several(list, { kind: 'slice', from, before })), isList: true });
}

/** Lists of lists would become one flat list in a path. */
function several<E>(list: Reference<unknown>, segment: Segment): Ref<E> {
  const place = placeOf(list);
  if (place.segments.some(({ kind }) => kind === 'each' || kind === 'slice'))
    throw new MultiswarmError(
      'invalid-workflow',
      `${pathOf(place.segments)} is one of many lists: map a step over them, or take the items of one`,
    );
  return further<E>(place, segment);
}

function required<T>(optional: Reference<T>): Ref<Exclude<T, undefined>> {
  return refTo<Exclude<T, undefined>>(placeOf(optional));
}

/** References that are no fields of others. */
export const ref = {
  /** An item of a list, from the end where the index is negative; or a field by its name, where the type names none. */
  at,
  /** The list of a field of all items: `ref.each(step.output.pages, (page) => page.title)`. */
  each,
  /** Some items of a list: from an index, and before another one; negative ones count from the end. */
  slice,
  /** Says that something that may be absent is there: where it is not, the step fails with `expression-failed`. */
  required,
} as const;
