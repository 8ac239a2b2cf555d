import fc from 'fast-check';
import { SearchDirectory, type DirectoryEntry, type DirectoryFilter } from '@multiswarm/contracts';
import { DirectoryReader } from '@multiswarm/messaging';
import { Directory } from './directory';
import { entryOf, type Advertised, type Present } from './entry';

const CAPABILITIES = ['llm', 'ocr', 'sql'];
const REGIONS = ['eu-west', 'eu-north', 'us-east'];
const share = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);
const price = fc.constantFrom(0.5, 1, 2);
const capabilities = fc.subarray(CAPABILITIES);
const attributes = fc.constantFrom<DirectoryEntry['attributes']>({}, { gb: 8 }, { gb: 80, tier: ['a', 'b'] });

const present: fc.Arbitrary<Present> = fc.record({
  ...{ region: fc.constantFrom(...REGIONS), capabilities, attributes, slots: fc.constant(4), load: share },
  ...{ costPerSlotHour: price, state: fc.constantFrom('ready' as const, 'suspect' as const) },
});
const advertised: fc.Arbitrary<Advertised> = fc.record(
  {
    ...{ capabilities, expiresAt: fc.constant(1_000), whilePresent: fc.boolean() },
    ...{ region: fc.constantFrom(...REGIONS), load: share, costPerSlotHour: price },
    ...{ version: fc.constantFrom('1', '2'), attributes },
  },
  { requiredKeys: ['capabilities', 'expiresAt', 'whilePresent'] },
);
const swarmId = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const namespace = fc.constantFrom('default', 'shop');
const conditions = [
  fc.record({ capability: fc.subarray(CAPABILITIES, { minLength: 1 }) }),
  fc.record({ region: fc.constantFrom<string[]>(['eu-*'], ['us-east', 'eu-west']) }),
  ...[fc.record({ maxLoad: share }), fc.record({ maxCostPerSlotHour: price })],
  fc.record({ version: fc.constantFrom('1', '2') }),
  fc.record({
    attributes: fc.constantFrom<NonNullable<DirectoryFilter['attributes']>>(
      ...[{ gb: 16 }, { gb: { '<': 16 } }, { tier: 'b' }, { tier: { exists: false } }],
    ),
  }),
];
/** With all of them together hardly anything would ever be found. */
const filter = fc
  .tuple(namespace, fc.array(fc.oneof(...conditions), { maxLength: 2 }))
  .map(([of, some]): DirectoryFilter => Object.assign({ namespace: of }, ...some));

type Step =
  | { do: 'beat'; swarmId: string; present: Present | undefined }
  | { do: 'advertise'; swarmId: string; namespace: string; advertised: Advertised | undefined };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('beat' as const),
    swarmId,
    present: fc.option(present, { nil: undefined, freq: 2 }),
  }),
  fc.record({
    ...{ do: fc.constant('advertise' as const), swarmId, namespace },
    advertised: fc.option(advertised, { nil: undefined, freq: 2 }),
  }),
);

/** All that was said, and the directory that was told of it. */
class World {
  readonly directory: Directory;
  private readonly beats = new Map<string, Present>();
  private readonly said = new Map<string, Map<string, Advertised>>();

  constructor(departedLimit: number, pageBytes: number) {
    this.directory = new Directory({ departedLimit, pageBytes });
  }

  take(each: Step): void {
    const id = each.swarmId;
    if (each.do === 'beat') put(this.beats, id, each.present);
    else {
      const said = this.said.get(id) ?? new Map<string, Advertised>();
      this.said.set(id, put(said, each.namespace, each.advertised));
    }
    const common = entryOf(id, this.beats.get(id), undefined);
    const own = [...(this.said.get(id) ?? [])].flatMap(([name, ad]) => {
      const entry = entryOf(id, this.beats.get(id), ad);
      return entry ? [[name, entry] as const] : [];
    });
    this.directory.set(id, common || own.length > 0 ? { common, byNamespace: new Map(own) } : undefined);
  }

  /** What is to be seen, made anew from what was said. */
  entries(of: string): DirectoryEntry[] {
    const ids = new Set([...this.beats.keys(), ...this.said.keys()]);
    return [...ids].flatMap((id) => entryOf(id, this.beats.get(id), this.said.get(id)?.get(of)) ?? []);
  }
}

function put<V>(map: Map<string, V>, key: string, value: V | undefined): Map<string, V> {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
  return map;
}

/** The naive reference: every condition read out of the contract, one after the other. */
function isFound(entry: DirectoryEntry, asked: DirectoryFilter): boolean {
  if (asked.capability?.some((name) => !entry.capabilities.includes(name))) return false;
  const { region = '' } = entry;
  if (
    asked.region &&
    !asked.region.some((one) => (one === 'eu-*' ? region.startsWith('eu-') : one === region))
  )
    return false;
  if (asked.maxLoad !== undefined && !(entry.load !== undefined && entry.load <= asked.maxLoad)) return false;
  const { costPerSlotHour: cost } = entry;
  if (asked.maxCostPerSlotHour !== undefined && !(cost !== undefined && cost <= asked.maxCostPerSlotHour))
    return false;
  if (asked.version !== undefined && entry.version !== asked.version) return false;
  const { gb, tier } = entry.attributes;
  switch (JSON.stringify(asked.attributes ?? {})) {
    case '{"gb":16}':
      return gb === 80;
    case '{"gb":{"<":16}}':
      return gb === 8;
    case '{"tier":"b"}':
      return tier !== undefined;
    case '{"tier":{"exists":false}}':
      return tier === undefined;
    default:
      return true;
  }
}

const byId = (a: DirectoryEntry, b: DirectoryEntry): number => (a.swarmId < b.swarmId ? -1 : 1);

test('D1. a search finds what a look at every entry finds, page by page, in the order that is asked for', () => {
  const sort = fc.constantFrom('id' as const, 'load' as const, 'price' as const);
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40, size: 'max' }),
      filter,
      sort,
      fc.integer({ min: 1, max: 4 }),
      (steps, asked, order, limit) => {
        const world = new World(10, 400);
        steps.forEach((each) => world.take(each));
        const value = ({ load, costPerSlotHour }: DirectoryEntry): number =>
          (order === 'load' ? load : order === 'price' ? costPerSlotHour : 0) ?? Infinity;
        const expected = world
          .entries(asked.namespace)
          .filter((entry) => isFound(entry, asked))
          .sort(byId)
          .sort((a, b) => (value(a) === value(b) ? 0 : value(a) - value(b)));
        const found: DirectoryEntry[] = [];
        let cursor: string | undefined;
        do {
          const query = SearchDirectory.parse({
            ...asked,
            sort: order,
            limit,
            ...(cursor ? { cursor } : {}),
          });
          const { items, next } = world.directory.search(query);
          expect(items.length).toBeLessThanOrEqual(limit);
          found.push(...items);
          cursor = next ?? undefined;
        } while (cursor !== undefined);
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test('D2. who reads changes on, however rarely, ends with what is there', () => {
  const reading = fc.constant('read' as const);
  const acts = fc.array(fc.oneof({ weight: 3, arbitrary: step }, { weight: 1, arbitrary: reading }), {
    maxLength: 60,
    size: 'max',
  });
  fc.assert(
    fc.property(acts, filter, fc.constantFrom(0, 2, 100), (steps, asked, departedLimit) => {
      const world = new World(departedLimit, 300);
      const reader = new Reader(world.directory, asked);
      for (const each of steps) {
        if (each === 'read') reader.read();
        else world.take(each);
      }
      reader.readAll();
      const expected = world.entries(asked.namespace).filter((entry) => isFound(entry, asked));
      expect([...reader.known.values()].sort(byId)).toEqual(expected.sort(byId));
    }),
    { numRuns: 500 },
  );
});

/** As the readers of the SDK and of streams do. */
class Reader {
  readonly known = new Map<string, DirectoryEntry>();
  private readonly reader = new DirectoryReader();

  constructor(
    private readonly directory: Directory,
    private readonly asked: DirectoryFilter,
  ) {}

  read(): boolean {
    const page = this.directory.changesBehind(this.reader.place, this.asked);
    for (const news of this.reader.take({ ...page, place: { ...page.place, replica: 'only' } })) {
      if (news.kind === 'delete') expect(this.known.delete(news.swarmId)).toBe(true);
      else if (news.kind === 'put') this.known.set(news.entry.swarmId, news.entry);
    }
    return page.complete;
  }

  readAll(): void {
    while (!this.read());
  }
}
