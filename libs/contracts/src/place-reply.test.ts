import fc from 'fast-check';
import { packPlaceReply, PlaceReply } from './place-reply';
import type { Placement, PlaceResult, Receipt } from './placement';

const decidedAt = '2026-03-14T09:26:53.589Z';
const swarms = ['a', 'b', 'c'].flatMap((swarmId) =>
  [1, 2].map((freeSlots) => ({ swarmId, region: 'r', freeSlots, load: 0.5, costPerSlotHour: 0.25 })),
);
/** Few parts, so that many are shared, and some look alike without being the same. */
const lists: Receipt['rejected'][] = [
  [],
  [],
  [{ rule: 'type', count: 1, detail: 'type "x"', examples: ['d'] }],
];
const waiting = ['no-swarm', 'no-slot'].map((reason) => {
  return {
    reason: reason as 'no-swarm' | 'no-slot',
    since: decidedAt,
    detail: reason,
    unmet: lists[2] ?? [],
  };
});

const told = {
  policy: fc.constantFrom('one', 'other'),
  decidedAt: fc.constant(decidedAt),
  candidates: fc.nat(2),
  feasible: fc.nat(2),
  withFreeSlot: fc.nat(3),
  rejected: fc.constantFrom(...lists),
  ranked: fc.array(fc.constantFrom(...swarms), { minLength: 1, maxLength: 5 }),
  because: fc.constantFrom('its turn', 'the only swarm'),
};
/** Load-balancers of an older version say nothing of these. */
const further = {
  scores: fc.array(fc.constantFrom(0, 0.5), { maxLength: 5 }),
  stalenessMs: fc.nat(2),
  viewAgeMs: fc.nat(1),
  reasons: fc.array(fc.constantFrom('its turn', 'another'), { maxLength: 2 }),
  price: fc.constant(0.25),
};
const receipt = fc.record(
  { ...told, ...further },
  {
    requiredKeys: [
      'policy',
      'decidedAt',
      'candidates',
      'feasible',
      'withFreeSlot',
      'rejected',
      'ranked',
      'because',
    ],
  },
);

function placementOf(given: Receipt, reservationId: string): Placement {
  const { swarmId, region, costPerSlotHour } = given.ranked[0] as (typeof swarms)[number];
  return { swarmId, region, reservationId, costPerSlotHour, receipt: { ...given, chosen: swarmId } };
}

const result: fc.Arbitrary<PlaceResult> = fc.oneof(
  fc.tuple(fc.string(), receipt).map(([key, given]) => ({ key, placement: placementOf(given, `r-${key}`) })),
  fc.record({ key: fc.string(), waiting: fc.constantFrom(...waiting) }),
  fc.record({ key: fc.string() }),
);

test('a packed reply is unpacked to what it was', () => {
  fc.assert(
    fc.property(fc.array(result), (results) => {
      const reply: PlaceReply = { v: 1, results };
      expect(PlaceReply.parse(JSON.parse(JSON.stringify(packPlaceReply(reply))))).toEqual(reply);
      expect(PlaceReply.parse(reply)).toEqual(reply);
    }),
  );
});

test('what many results share is said once', () => {
  const given: Receipt = {
    policy: 'p',
    decidedAt,
    ...{ candidates: 1, feasible: 1, withFreeSlot: 1 },
    rejected: lists[2] ?? [],
    ranked: swarms.slice(0, 5),
    because: 'its turn',
  };
  const results = Array.from({ length: 100 }, (_, index) => {
    return { key: `t${index}`, placement: placementOf({ ...given }, `r${index}`) };
  });
  const packed = packPlaceReply({ v: 1, results });
  expect([packed?.heads.length, packed?.ranked.length, packed?.reasons.length]).toEqual([1, 5, 1]);
});

const ranked = swarms.slice(0, 2);
const fields = {
  policy: 'p',
  decidedAt,
  candidates: 2,
  feasible: 2,
  withFreeSlot: 2,
  rejected: [],
  because: 'x',
};
const placement = placementOf({ ...fields, ranked }, 'r1');

test.each([
  ['is in another swarm than the first', { ...placement, swarmId: 'c' }],
  ['is in another region', { ...placement, region: 'elsewhere' }],
  ['costs something else', { ...placement, costPerSlotHour: 9 }],
  ['ranks nobody', { ...placement, receipt: { ...placement.receipt, ranked: [] } }],
  ['has another price in its receipt', { ...placement, receipt: { ...placement.receipt, price: 1 } }],
  ['does not say whom it chose', { ...placement, receipt: { ...fields, ranked } }],
])('a placement that %s cannot be packed', (_name, given) => {
  expect(packPlaceReply({ v: 1, results: [{ key: 't', placement: given }] })).toBeUndefined();
});

const packed = {
  v: 1,
  heads: [{ policy: 'p', decidedAt, candidates: 2, feasible: 2, rejected: [] }],
  ranked,
  reasons: ['x'],
  waiting: [waiting[0]],
};
const placed = { reservationId: 'r1', head: 0, withFreeSlot: 2, ranked: [0, 1], because: 0 };

test.each([
  ['a head', { key: 't', placed: { ...placed, head: 1 } }],
  ['a ranked swarm', { key: 't', placed: { ...placed, ranked: [0, 2] } }],
  ['a reason', { key: 't', placed: { ...placed, because: 1 } }],
  ['a reason to wait', { key: 't', waiting: 1 }],
])('a packed reply that points at %s that it does not have is refused', (_name, one) => {
  expect(PlaceReply.safeParse({ ...packed, results: [{ key: 't', placed }] }).success).toBe(true);
  expect(PlaceReply.safeParse({ ...packed, results: [one] }).success).toBe(false);
});

test.each([
  ['is nothing', null],
  ['is no object', 'ok'],
  ['is of another version', { v: 2, results: [] }],
  ['has a fault in a placement', { v: 1, results: [{ key: 't', placement: { ...placement, swarmId: '' } }] }],
  ['has a fault in a list', { ...packed, ranked: [{ swarmId: 'a' }], results: [] }],
])('a reply that %s is refused', (_name, given) => {
  expect(PlaceReply.safeParse(given).success).toBe(false);
});
