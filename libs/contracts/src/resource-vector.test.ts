import fc from 'fast-check';
import {
  addVectors,
  fromVector,
  isEmptyVector,
  isSameVector,
  NO_RESOURCES,
  partsOfVector,
  subtractVectors,
  toVector,
  vectorAtLeastZero,
  vectorFits,
  vectorGrew,
} from './resource-vector';
import { Resources } from './requirements';

const amount = fc.integer({ min: 0, max: 40_000 }).map((thousandths) => thousandths / 1_000);
const count = fc.nat(8);
const gpu = fc.oneof(count, fc.dictionary(fc.constantFrom('a100', 'l4', 'any'), count));
const resources = fc.record(
  { cpu: amount, memoryMb: amount, gpu, custom: fc.dictionary(fc.constantFrom('licences', 'cpu'), amount) },
  { requiredKeys: [] },
) as fc.Arbitrary<Resources>;

test('what was added is what is taken away again, in any order', () => {
  fc.assert(
    fc.property(fc.array(resources, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (all, picks) => {
      const vectors = all.map(toVector);
      let sum = vectors.reduce(addVectors, NO_RESOURCES);
      const left = [...vectors];
      while (left.length > 0) {
        const [gone = NO_RESOURCES] = left.splice((picks.next().value ?? 0) % left.length, 1);
        sum = subtractVectors(sum, gone);
        expect(isSameVector(sum, left.reduce(addVectors, NO_RESOURCES))).toBe(true);
      }
      expect(isEmptyVector(sum)).toBe(true);
    }),
  );
});

test('resources survive being counted', () => {
  fc.assert(
    fc.property(resources, (given) => {
      const written = fromVector(toVector(given));
      expect(Resources.safeParse(written).success).toBe(true);
      expect(isSameVector(toVector(written), toVector(given))).toBe(true);
    }),
  );
});

test('tasks fit together as their sum does: each into what those before it have left', () => {
  fc.assert(
    fc.property(resources, fc.array(resources, { maxLength: 5 }), (total, asked) => {
      const vectors = asked.map(toVector);
      let left = toVector(total);
      const together = vectorFits(vectors.reduce(addVectors, NO_RESOURCES), left);
      const oneByOne = vectors.every((vector) => {
        const isRoom = vectorFits(vector, left);
        left = subtractVectors(left, vector);
        return isRoom;
      });
      expect(oneByOne).toBe(together);
    }),
  );
});

test('more is left exactly where some kind has grown', () => {
  fc.assert(
    fc.property(resources, resources, (a, b) => {
      const [before, more] = [toVector(a), toVector(b)];
      expect(vectorGrew(before, addVectors(before, more))).toBe(!isEmptyVector(more));
      expect(vectorGrew(addVectors(before, more), before)).toBe(false);
    }),
  );
});

test.each<[string, Resources, Resources, boolean]>([
  ['any GPU where there are GPUs of some type', { gpu: 2 }, { gpu: { a100: 1, l4: 1 } }, true],
  ['a type where there are others', { gpu: { a100: 1 } }, { gpu: { l4: 4 } }, false],
  ['a type where no type is said', { gpu: { a100: 1 } }, { gpu: 4 }, false],
  ['a type and any other', { gpu: { a100: 1, any: 1 } }, { gpu: { a100: 1, l4: 1 } }, true],
  [
    'a type and any other, where there is only the one',
    { gpu: { a100: 1, any: 1 } },
    { gpu: { a100: 1 } },
    false,
  ],
  ['a counter', { custom: { licences: 2 } }, { custom: { licences: 2.5 } }, true],
  ['more than a counter', { custom: { licences: 2 } }, { custom: { licences: 1 } }, false],
  ['a counter that has the name of another resource', { custom: { cpu: 1 } }, { cpu: 8 }, false],
  ['nothing of what is not there', { custom: { licences: 0 }, gpu: { a100: 0 } }, {}, true],
])('%s', (_, asked, total, fits) => {
  expect(vectorFits(toVector(asked), toVector(total))).toBe(fits);
});

test('what is taken by somebody who named no type is missing for those who name one, in the end', () => {
  const total = toVector({ gpu: { a100: 1, l4: 1 } });
  const one = subtractVectors(total, toVector({ gpu: 1 }));
  expect(vectorFits(toVector({ gpu: { a100: 1 } }), one)).toBe(true);
  expect(vectorFits(toVector({ gpu: { a100: 1 } }), subtractVectors(one, toVector({ gpu: { l4: 1 } })))).toBe(
    false,
  );
});

test('what is overdrawn counts as nothing', () => {
  const drawn = subtractVectors(
    toVector({ cpu: 1 }),
    toVector({ cpu: 2, gpu: { a100: 1 }, custom: { x: 1 } }),
  );
  expect(isEmptyVector(vectorAtLeastZero(drawn))).toBe(true);
});

test('each kind has a name, and GPUs whose types are all named are not named together', () => {
  const parts = partsOfVector(toVector({ cpu: 0.5, gpu: { a100: 2 }, custom: { licences: 1 } }));
  expect(parts.map(({ kind, amount: much }) => `${kind} ${much}`)).toEqual([
    'cpu 0.5',
    'gpu a100 2',
    'custom licences 1',
  ]);
  const mixed = partsOfVector(toVector({ gpu: { a100: 2, any: 1 } }));
  expect(mixed.map(({ kind, amount: much }) => `${kind} ${much}`)).toEqual(['gpu 3', 'gpu a100 2']);
});

test.each([
  { cpu: -1 },
  { cpu: NaN },
  { memoryMb: Infinity },
  { memoryMb: 1e9 },
  { gpu: 0.5 },
  { gpu: { a100: 0.5 } },
  { gpu: { 'no good': 1 } },
  { custom: { licences: -1 } },
  { custom: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`k${at}`, 1])) },
])('%j are no resources', (given) => {
  expect(Resources.safeParse(given).success).toBe(false);
});
