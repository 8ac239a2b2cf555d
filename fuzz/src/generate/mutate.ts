import fc from 'fast-check';
import { enormous, hostileKey, hostileValue } from './hostile';
import { print } from './print';

/** What is done to one place of a value. */
type Change =
  | { kind: 'replace'; by: unknown }
  | { kind: 'drop' }
  | { kind: 'add'; key: string; value: unknown }
  | { kind: 'repeat'; times: number }
  | { kind: 'wrap'; inList: boolean };

interface Mutation {
  /** Which of the places, counted round and round. */
  place: number;
  change: Change;
}

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('replace' as const), by: hostileValue }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('add' as const), key: hostileKey, value: hostileValue }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('repeat' as const), times: fc.constantFrom(2, 9, 65, 1_001) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wrap' as const), inList: fc.boolean() }) },
);
const mutation: fc.Arbitrary<Mutation> = fc.record({ place: fc.nat(1_000), change });

/** Values of a kind with up to three places that are not as they should be. */
export function mutated(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(valid, fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, fc.array(mutation, { maxLength: 3 })))
    .map(([value, mutations]) => mutations.reduce(apply, value));
}

/** Values of a kind, half of them with one place that is not as it should be: two faults would hide each other. */
export function changedOnce(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(valid, fc.option(mutation, { nil: undefined, freq: 1 }))
    .map(([value, one]) => (one === undefined ? value : apply(value, one)));
}

function apply(value: unknown, { place, change }: Mutation): unknown {
  const places = placesOf(value);
  return changed(value, places[place % places.length] ?? [], change);
}

type Path = readonly (string | number)[];

/** Not `Raw` inside: those stay whole. */
function isTree(value: unknown): value is Record<string, unknown> | unknown[] {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

function placesOf(value: unknown, path: Path = []): Path[] {
  if (!isTree(value)) return [path];
  const inner = Array.isArray(value) ? [...value.slice(0, 20).entries()] : Object.entries(value);
  return [path, ...inner.flatMap(([key, item]) => placesOf(item, [...path, key]))];
}

function changed(value: unknown, path: Path, change: Change): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replaced(value, change);
  if (Array.isArray(value)) {
    if (rest.length === 0 && change.kind === 'drop') return value.filter((_, index) => index !== key);
    return value.map((item: unknown, index) => (index === key ? changed(item, rest, change) : item));
  }
  const entries = Object.entries(value as Record<string, unknown>);
  if (rest.length === 0 && change.kind === 'drop')
    return Object.fromEntries(entries.filter(([name]) => name !== key));
  return Object.fromEntries(
    entries.map(([name, item]) => [name, name === key ? changed(item, rest, change) : item]),
  );
}

function replaced(value: unknown, change: Change): unknown {
  switch (change.kind) {
    case 'replace':
      return change.by;
    case 'drop':
      return null;
    case 'add':
      if (Array.isArray(value)) return [...(value as unknown[]), change.value];
      return isTree(value)
        ? Object.fromEntries([...Object.entries(value), [change.key, change.value]])
        : change.value;
    case 'repeat':
      return Array.isArray(value)
        ? Array.from({ length: change.times }, () => value as unknown[]).flat()
        : value;
    case 'wrap':
      return change.inList ? [value] : { value };
  }
}

/** The bytes of a message: mostly the JSON of a value, else that with a fault in it. */
export function encoded(value: fc.Arbitrary<unknown>, hasEnormous: boolean): fc.Arbitrary<Payload> {
  const whole = value.map((given) => new Payload(given, 'as it is', (text) => Buffer.from(text)));
  return fc.oneof(
    { weight: 150, arbitrary: whole },
    {
      weight: 15,
      arbitrary: fc
        .tuple(value, fc.nat(1_000))
        .map(([given, at]) => new Payload(given, `cut at ${at} ‰`, (text) => cut(text, at))),
    },
    { weight: 15, arbitrary: fc.tuple(value, fc.constantFrom(...SPOILS)).map(spoiled) },
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 64 }).map(binary) },
    ...(hasEnormous
      ? [
          {
            weight: 1,
            arbitrary: enormous.map((raw) => new Payload(raw, 'as it is', (text) => Buffer.from(text))),
          },
        ]
      : []),
  );
}

/** Bytes that are made when they are sent, and shown by what they were made of. */
export class Payload {
  constructor(
    readonly value: unknown,
    private readonly how: string,
    private readonly encode: (text: string) => Buffer,
  ) {}

  bytes(): Buffer {
    return this.encode(print(this.value));
  }

  [fc.toStringMethod](): string {
    const shown = fc.stringify(this.value);
    return this.how === 'as it is' ? shown : `${shown} (${this.how})`;
  }
}

function cut(text: string, perMille: number): Buffer {
  const bytes = Buffer.from(text);
  return bytes.subarray(0, Math.floor((bytes.length * perMille) / 1_000));
}

interface Spoil {
  name: string;
  spoil: (text: string) => Buffer;
}

const SPOILS: readonly Spoil[] = [
  { name: 'behind a byte order mark', spoil: (text) => Buffer.from(`\ufeff${text}`) },
  { name: 'with a comma too much', spoil: (text) => Buffer.from(text.replace(/([}\]])$/, ',$1')) },
  { name: 'twice', spoil: (text) => Buffer.from(text + text) },
  { name: 'in single quotes', spoil: (text) => Buffer.from(text.replaceAll('"', "'")) },
  {
    name: 'with NaN for numbers',
    spoil: (text) => Buffer.from(text.replaceAll(/(?<=[:[,])-?\d+(?=[,}\]])/g, 'NaN')),
  },
  {
    name: 'with its first field twice',
    spoil: (text) => Buffer.from(text.replace(/^\{([^,{}[\]]+)/, '{$1,$1')),
  },
  { name: 'in UTF-16', spoil: (text) => Buffer.from(text, 'utf16le') },
  {
    name: 'with bytes that are no UTF-8',
    spoil: (text) =>
      Buffer.concat([
        Buffer.from(text.slice(0, -2)),
        Buffer.from([0xff, 0xc0, 0x80]),
        Buffer.from(text.slice(-2)),
      ]),
  },
  { name: 'as nothing', spoil: () => Buffer.alloc(0) },
];

function spoiled([value, { name, spoil }]: [unknown, Spoil]): Payload {
  return new Payload(value, name, spoil);
}

function binary(bytes: Uint8Array): Payload {
  return new Payload([...bytes], 'as bytes', () => Buffer.from(bytes));
}
