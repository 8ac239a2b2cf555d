import { TASK_STATES, type Scalar, type TaskFilter } from '@multiswarm/contracts';
import fc from 'fast-check';
import { queuedTask } from '../../../test/support/builders';
import type { Attempt, TaskRecord } from '../task/record';
import { criteriaOf, isMet } from './criteria';
import { FACETS } from './facets';
import { labelValue } from './metadata-text';
import { findCounts, findPage, isNewer, type PageQuestion } from './scan';
import { TaskIndex, type TaskPlace } from './task-index';

const HEX = ['0198c2d3e4f5', 'ffffffffffff'].flatMap((time) => ['00', '0a', 'a0'].map((end) => time + end));
const KEYED = ['0'.repeat(32), '1'.repeat(32), '0198c2d3e4f500000000000000000000', 'f'.repeat(32)];
/** Ids of tests and simulations need not be hexadecimal. */
const OTHERS = ['zzzzzzzz', '0198c2d3e4fz', 'a'.repeat(40)];
const IDS = [...HEX, ...KEYED, ...OTHERS].map((unique) => `t7-${unique}`);
const TYPES = ['report.daily', 'report.weekly', 'review'];
const PLACES = [undefined, ['eu-1', 'eu-west'], ['eu-2', 'eu-west'], ['us-1', 'us-east']] as const;
const CODES = [undefined, 'no-key', 'attempt-lost'];
const VALUES: readonly Scalar[] = [
  'acme',
  'ACME Ltd',
  'Ärger',
  'ΑΣ',
  'a\u00ffb',
  '\ud83d',
  '😀 Ok',
  '',
  3,
  true,
];
const KEYS = ['customer', 'Stage', 'n'];

const metadata = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 3 });
const time = fc.nat(6);

/** What may become of a task. */
const put = fc.record({
  act: fc.constant('put' as const),
  id: fc.constantFrom(...IDS),
  created: time,
  since: time,
  state: fc.constantFrom(...TASK_STATES),
  type: fc.constantFrom(...TYPES),
  namespace: fc.constantFrom('default', 'shop'),
  place: fc.constantFrom(...PLACES),
  code: fc.constantFrom(...CODES),
  metadata,
});
const remove = fc.record({ act: fc.constant('remove' as const), id: fc.constantFrom(...IDS) });
type Put = typeof put extends fc.Arbitrary<infer T> ? T : never;
const acts = fc.array(fc.oneof({ weight: 3, arbitrary: put }, { weight: 1, arbitrary: remove }), {
  maxLength: 60,
});

const instant = time.map((ms) => new Date(ms).toISOString());
const conditions: Record<keyof TaskFilter, fc.Arbitrary<unknown>> = {
  state: fc.oneof(fc.constantFrom(...TASK_STATES), fc.subarray([...TASK_STATES], { minLength: 1 })),
  type: fc.constantFrom('review', 'report.*', '*', 'none'),
  namespace: fc.constantFrom('default', 'shop'),
  swarm: fc.constantFrom('eu-*', 'us-1', 'none'),
  region: fc.constantFrom('eu-*', 'us-east', 'none'),
  code: fc.constantFrom('no-key', 'none'),
  label: fc.oneof(
    fc.constantFrom('customer', 'n=3', 'n=true', 'customer=', 'Stage=\ud83d', 'none', ['n', 'customer']),
    fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES)).map(([key, value]) => `${key}=${value}`),
  ),
  text: fc.constantFrom('acme', 'ACME', 'cme l', 'ltd stage', 'ä', 'ας', '=3', 'ok 😀', 'customer', 'a', ' '),
  createdAfter: instant,
  createdBefore: instant,
  endedAfter: instant,
  endedBefore: instant,
  updatedAfter: instant,
  updatedBefore: instant,
};
const NAMES = Object.keys(conditions) as (keyof TaskFilter)[];

/** With many conditions nothing would ever match. */
const filter: fc.Arbitrary<TaskFilter> = fc
  .uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, conditions[name]]))))
  .map((given) => given as TaskFilter);

function recordOf(given: Put): TaskRecord {
  const { id, type, namespace, created, state, since, place, code } = given;
  const spec = { type, namespace, metadata: { ...given.metadata } };
  const attempts: Attempt[] = place
    ? [{ attempt: 1, swarmId: place[0], region: place[1], assignedAt: 0, costPerSlotHour: 0 }]
    : [];
  const error = code === undefined ? undefined : { code, message: '', retryable: false };
  return { ...queuedTask(id, spec, created), ...{ state: state, since, attempts, error } };
}

/** The index, and beside it the records themselves. */
class Both {
  // So few that all columns are copied again and again.
  readonly index = new TaskIndex(7, 3);
  readonly records = new Map<string, TaskRecord>();

  do(act: Put | { act: 'remove'; id: string }): void {
    if (act.act === 'remove') {
      this.records.delete(act.id);
      this.index.remove(act.id);
      return;
    }
    const known = this.records.get(act.id);
    const record = recordOf(act);
    // What a task was submitted with never changes.
    const next = known ? { ...record, spec: known.spec, createdAt: known.createdAt } : record;
    this.records.set(act.id, next);
    this.index.put(next);
  }

  expected({ criteria, order, before, limit }: PageQuestion): TaskPlace[] {
    return [...this.records.values()]
      .filter((record) => isMet(criteria, record))
      .map(({ id, createdAt, since }) => ({ id, at: order === 'created' ? createdAt : since }))
      .filter((place) => !before || isNewer(before, place))
      .sort((a, b) => (isNewer(a, b) ? -1 : 1))
      .slice(0, limit);
  }
}

function ended<T>(steps: Generator<void, T>, between: () => void = () => undefined): T {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    between();
  }
}

const question = fc.record({
  criteria: filter.map(criteriaOf),
  order: fc.constantFrom('created' as const, 'updated' as const),
  before: fc.option(fc.record({ at: time, id: fc.constantFrom(...IDS) }), { nil: undefined }),
  limit: fc.integer({ min: 1, max: 5 }),
});
const rowsAtOnce = fc.constantFrom(1, 3, 1_000);

test('what the columns find is what the records say, whatever happened to them', () => {
  fc.assert(
    fc.property(
      acts,
      fc.array(question, { minLength: 1, maxLength: 5 }),
      rowsAtOnce,
      (done, asked, atOnce) => {
        const both = new Both();
        for (const act of done) both.do(act);
        expect(both.index.size).toBe(both.records.size);
        for (const each of asked)
          expect(ended(findPage(both.index, each, atOnce))).toEqual(both.expected(each));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('counts of each group are those of the records', () => {
  const by = fc.constantFrom(
    'state',
    'type',
    'namespace',
    'swarm',
    'region',
    'code',
    ...KEYS.map((key) => `label:${key}`),
  );
  fc.assert(
    fc.property(acts, filter, by, rowsAtOnce, (done, asked, group, atOnce) => {
      const both = new Both();
      for (const act of done) both.do(act);
      const criteria = criteriaOf(asked);
      const expected = new Map<string | null, number>();
      for (const record of both.records.values()) {
        if (!isMet(criteria, record)) continue;
        const value =
          (group.startsWith('label:')
            ? labelValue(record.spec.metadata, group.slice(6))
            : FACETS[group as 'state'](record)) ?? null;
        expected.set(value, (expected.get(value) ?? 0) + 1);
      }
      expect(ended(findCounts(both.index, criteria, group, atOnce))).toEqual({ groups: expected, others: 0 });
    }),
    { numRuns: 1_000 },
  );
});

test('a count by a label is right, whatever other labels are counted between its turns', () => {
  const index = new TaskIndex(7);
  ['acme', 'acme', 'shop'].forEach((customer, at) => {
    index.put(queuedTask(`t7-0198c2d3e4f${at}`, { metadata: { customer } }, at));
  });
  const others = ['a', 'b', 'c', 'd', 'e', 'f'];
  const between = (): void => {
    for (const key of others) ended(findCounts(index, criteriaOf({}), `label:${key}`));
  };
  expect(ended(findCounts(index, criteriaOf({}), 'label:customer', 1), between).groups).toEqual(
    new Map([
      ['acme', 2],
      ['shop', 1],
    ]),
  );
});

test('page by page, what was there from the beginning to the end is listed exactly once, whatever is submitted, changed and deleted meanwhile', () => {
  const unfiltered = criteriaOf({});
  fc.assert(
    fc.property(
      acts,
      fc.array(acts, { maxLength: 8 }),
      fc.integer({ min: 1, max: 4 }),
      (first, later, limit) => {
        const both = new Both();
        for (const act of first) both.do(act);
        const stay = new Set(both.records.keys());
        const meanwhile = later.flat();
        const goOn = (): void => {
          for (const act of meanwhile.splice(0, 3)) {
            both.do(act);
            if (act.act === 'remove') stay.delete(act.id);
          }
        };
        const seen: string[] = [];
        for (let before: TaskPlace | undefined, more = true; more;) {
          const asked = { criteria: unfiltered, order: 'created' as const, before, limit };
          const page = ended(findPage(both.index, asked, 2), goOn);
          goOn();
          seen.push(...page.map(({ id }) => id));
          before = page.at(-1);
          more = page.length === limit;
        }
        const listed = new Set(seen);
        for (const id of stay) expect(listed).toContain(id);
        // An id that is given out a second time, after its task was deleted, is another task.
        for (const id of stay) expect(seen.filter((each) => each === id)).toHaveLength(1);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('what nobody touches meanwhile is counted, and found among what changed last, exactly once', () => {
  const [stay, come] = [IDS.slice(0, 8), IDS.slice(8)];
  const criteria = criteriaOf({ namespace: 'shop' });
  fc.assert(
    fc.property(acts, acts, fc.integer({ min: 1, max: 9 }), (first, later, limit) => {
      const both = new Both();
      for (const act of first)
        both.do({ ...act, id: stay[IDS.indexOf(act.id) % stay.length] ?? '', namespace: 'shop' } as Put);
      const meanwhile = later.map((act) => {
        const id = come[IDS.indexOf(act.id) % come.length] ?? '';
        return { ...act, id, namespace: 'default' } as Put;
      });
      const goOn = (): void => meanwhile.splice(0, 4).forEach((act) => both.do(act));
      goOn();
      const question: PageQuestion = { criteria, order: 'updated', before: undefined, limit };
      const expected = both.expected(question);
      expect(ended(findPage(both.index, question, 1), goOn)).toEqual(expected);
      const staying = [...both.records.values()].filter(({ spec }) => spec.namespace === 'shop');
      const counts = ended(findCounts(both.index, criteria, 'namespace', 1), goOn);
      expect(counts.groups.get('shop') ?? 0).toBe(staying.length);
    }),
    { numRuns: 1_000 },
  );
});

test('tasks that come and go leave nothing behind: the columns are as large as what is there needs', () => {
  const index = new TaskIndex(0);
  const id = (n: number): string => `t0-${n.toString(16).padStart(26, '0')}`;
  const task = (n: number): TaskRecord =>
    queuedTask(id(n), { type: `type-${n % 50}`, metadata: { customer: `customer ${n}` } }, n);
  for (let n = 0; n < 4_000; n += 1) index.put(task(n));
  const full = index.bytes;
  for (let n = 4_000; n < 40_000; n += 1) {
    index.put(task(n));
    index.remove(id(n - 4_000));
  }
  expect(index.size).toBe(4_000);
  expect(index.bytes).toBeLessThan(full * 2.5);
  for (let n = 36_000; n < 40_000; n += 1) index.remove(id(n));
  expect(index.size).toBe(0);
  expect(index.bytes).toBeLessThan(full / 10);
});

describe('a row that is set right, and a task that comes again with its time of creation,', () => {
  const id = (n: number): string => `t0-${n.toString(16).padStart(26, '0')}`;
  const COUNT = 1_000;
  const right = (n: number, more = {}): TaskRecord =>
    queuedTask(id(n), { type: `type-${n % 5}`, metadata: { customer: n }, ...more }, n);
  const filled = (): TaskIndex => {
    const index = new TaskIndex(0);
    for (let n = 0; n < COUNT; n += 1) index.put(right(n, { type: 'wrong', metadata: { wrong: n } }));
    return index;
  };

  test.each([
    ['entered', (index: TaskIndex, record: TaskRecord) => index.enter(record)],
    [
      'removed and put',
      (index: TaskIndex, record: TaskRecord) => {
        index.remove(record.id);
        index.put(record);
      },
    ],
  ])('%s, costs what one row costs: nothing is copied', (_, again) => {
    const index = filled();
    const { version, rows } = index;
    for (let n = 0; n < COUNT; n += 1) {
      const record = right(n, n % 2 === 0 ? { metadata: {} } : {});
      again(index, record);
      expect(index.differences(record)).toEqual([]);
    }
    expect([index.version, index.rows, index.size]).toEqual([version, rows, COUNT]);
    const all = { criteria: criteriaOf({}), order: 'created' as const, before: undefined, limit: COUNT };
    expect(ended(findPage(index, all)).map((place) => place.id)).toEqual(
      Array.from({ length: COUNT }, (_, n) => id(COUNT - 1 - n)),
    );
  });

  test('with another time of creation it has another place in the order', () => {
    const index = filled();
    const later = queuedTask(id(3), {}, COUNT);
    index.enter(later);
    expect([index.differences(later), index.size]).toEqual([[], COUNT]);
    const first = { criteria: criteriaOf({}), order: 'created' as const, before: undefined, limit: 1 };
    expect(ended(findPage(index, first))).toEqual([{ id: id(3), at: COUNT }]);
  });
});

test('metadata beyond the limit is not searched, and what is before it is', () => {
  const index = new TaskIndex(0);
  const long = Object.fromEntries(
    Array.from({ length: 6 }, (_, n) => [`k${n}`, `${'é'.repeat(500)} end${n}`]),
  );
  index.put(queuedTask('t0-00000001', { metadata: long }));
  const found = (text: string): number =>
    ended(findPage(index, { criteria: criteriaOf({ text }), order: 'created', before: undefined, limit: 5 }))
      .length;
  expect([found('end0'), found('end2'), found('end5')]).toEqual([1, 1, 0]);
});

test('values of a key beyond those that are told apart are counted together', () => {
  const index = new TaskIndex(0);
  const id = (n: number): string => `t0-${n.toString(16).padStart(26, '0')}`;
  for (let n = 0; n < 10_500; n += 1)
    index.put(queuedTask(id(n), n % 500 === 0 ? {} : { metadata: { n } }, n));
  const { groups, others } = ended(findCounts(index, criteriaOf({}), 'label:n'));
  expect(groups.get(null)).toBe(21);
  expect([groups.size, others]).toEqual([10_001, 10_500 - 21 - 10_000]);
});

describe('among thousands of tasks with metadata of their own', () => {
  const COUNT = 5_000;
  const WORDS = ['Draft', 'review', 'FINAL', 'Ärger', 'Kelvin'];
  const both = new Both();
  const scattered = (n: number): number => (n * 1_327) % COUNT;
  for (let n = 0; n < COUNT; n += 1) {
    const { spec, ...rest } = recordOf({
      ...{ act: 'put', id: `t7-${n.toString(16).padStart(26, '0')}`, created: scattered(n), since: n },
      ...{ state: 'queued', type: 'review', namespace: 'shop', place: undefined, code: undefined },
      metadata: { customer: `customer-${n % 97}`, request: `req-${n}`, note: WORDS[n % 5] ?? '' },
    });
    both.records.set(rest.id, { ...rest, spec });
    both.index.put({ ...rest, spec });
  }
  const asked: TaskFilter[] = [
    { label: 'customer=customer-9' },
    { label: ['customer=customer-96', 'note=review'] },
    { label: 'customer=customer' },
    { text: 'req-4321' },
    { text: 'REQ-43' },
    { text: ['final', 'omer-1'] },
    { text: 'kelvin' },
    { text: 'ärger' },
    { text: 'nothing' },
    {
      text: 'aft',
      createdAfter: new Date(1_000).toISOString(),
      createdBefore: new Date(1_500).toISOString(),
    },
    { label: 'note', updatedAfter: new Date(4_500).toISOString() },
  ];

  test.each(asked.map((filter) => [JSON.stringify(filter), filter] as const))(
    'page by page, all are found: %s',
    (_text, filter) => {
      const criteria = criteriaOf(filter);
      for (const order of ['created', 'updated'] as const) {
        const found: TaskPlace[] = [];
        for (let before: TaskPlace | undefined, more = true; more; before = found.at(-1)) {
          const page = ended(findPage(both.index, { criteria, order, before, limit: 700 }));
          found.push(...page);
          more = page.length === 700;
        }
        expect(found).toEqual(both.expected({ criteria, order, before: undefined, limit: COUNT }));
      }
    },
  );

  test('others get a turn while what nobody has asked about yet is read, in whatever order it comes', () => {
    const index = new TaskIndex(7, COUNT);
    // Of two rows that follow each other the metadata is far apart.
    const metadata = (n: number): Record<string, string> => ({ note: `${scattered(n % COUNT)} of many` });
    for (let n = 0; n < COUNT; n += 1)
      index.put(queuedTask(`t7-a${n.toString(16).padStart(25, '0')}`, { metadata: metadata(n) }, COUNT - n));
    for (let n = 0; n < COUNT; n += 1)
      index.put(
        queuedTask(`t7-b${n.toString(16).padStart(25, '0')}`, { metadata: { note: `${n} of many` } }, n),
      );
    const turns: number[] = [];
    let before = 0;
    const look = (): void => {
      const { reads } = index.view.metadata;
      turns.push(reads - before);
      before = reads;
    };
    const counts = ended(findCounts(index, criteriaOf({ text: 'of many' }), 'namespace'), look);
    expect([...counts.groups.values()]).toEqual([2 * COUNT]);
    expect(turns.length).toBeGreaterThan(COUNT / 3_000);
    expect(Math.max(...turns)).toBeLessThan(COUNT);
  });
});
