import fc from 'fast-check';
import type { PlaceReply, PlaceResult, Receipt, Rejection } from '@multiswarm/contracts';
import { compactReply } from './compact-reply';

const name = fc.stringMatching(/^[a-z0-9-]{1,128}$/);
/** What requirements are made of: any text, with what JSON escapes. */
const text = fc.string({ unit: 'binary', maxLength: 80 });
const rejections: fc.Arbitrary<Rejection[]> = fc.array(
  fc.record({
    rule: fc.constantFrom('capability' as const, 'attribute' as const),
    count: fc.nat(100_000),
    detail: text,
    examples: fc.array(name, { maxLength: 5 }),
  }),
  { maxLength: 11 },
);
const number = fc.double({ min: 0, max: 1, noNaN: true });
const receipt: fc.Arbitrary<Receipt> = fc.record({
  policy: fc.constant('least-loaded'),
  decidedAt: fc.constant('2026-03-14T09:26:53.589Z'),
  candidates: fc.nat(100_000),
  feasible: fc.nat(100_000),
  withFreeSlot: fc.nat(100_000),
  rejected: rejections,
  ranked: fc.array(
    fc.record({
      swarmId: name,
      region: name,
      freeSlots: fc.nat(10_000),
      load: number,
      costPerSlotHour: number,
    }),
    { maxLength: 5 },
  ),
  chosen: name,
  because: text,
});
const result: fc.Arbitrary<PlaceResult> = fc.oneof(
  fc.record({
    key: text,
    placement: fc
      .record({ region: name, reservationId: name, costPerSlotHour: number, receipt })
      .map((placement) => ({ ...placement, swarmId: placement.receipt.chosen ?? 'none' })),
  }),
  fc.record({
    key: text,
    waiting: fc.record({
      reason: fc.constantFrom('no-swarm' as const, 'no-slot' as const),
      since: fc.constant('2026-03-14T09:26:53.589Z'),
      detail: text,
      unmet: rejections,
    }),
  }),
);

const replyOf = (results: PlaceResult[]): PlaceReply => ({ v: 1, results });
const bytesOf = (reply: PlaceReply): number => Buffer.byteLength(JSON.stringify({ ok: reply }));

test('a reply that would be larger than NATS carries is made smaller, one that fits is left as it is', () => {
  fc.assert(
    fc.property(
      fc.array(result, { minLength: 33, maxLength: 60 }),
      fc.integer({ min: 0, max: 4_000 }),
      (results, less) => {
        const reply = replyOf(results);
        const whole = bytesOf(reply);
        // Room for the envelope is kept, so that what is just too large is no matter of a few bytes.
        expect(compactReply(reply, whole + 1_024)).toBe(reply);
        const limit = whole - less - 1;
        const compact = compactReply(reply, limit);
        expect(compact).not.toBe(reply);
        expect(compact.results.map(({ key }) => key)).toEqual(results.map(({ key }) => key));
      },
    ),
    { numRuns: 50 },
  );
});

test('of a reply that is made smaller each placement keeps its decision, and a reason that is shared is said once in full', () => {
  const rejected: Rejection[] = [{ rule: 'slot', count: 1, detail: 'a free slot', examples: ['b'] }];
  const ranked = ['a', 'c'].map((swarmId) => ({
    swarmId,
    region: 'r',
    freeSlots: 1,
    load: 0,
    costPerSlotHour: 1,
  }));
  const decided = {
    policy: 'p',
    decidedAt: 'now',
    candidates: 3,
    feasible: 3,
    withFreeSlot: 2,
    chosen: 'a',
    because: 'x',
  };
  const placement = {
    swarmId: 'a',
    region: 'r',
    reservationId: 'id',
    costPerSlotHour: 1,
    receipt: { ...decided, rejected, ranked },
  };
  const waiting = { reason: 'no-slot' as const, since: 'now', detail: 'full', unmet: rejected };
  const placed = Array.from({ length: 40 }, (_, index) => ({ key: `p${index}`, placement }));
  const unplaced = Array.from({ length: 3 }, (_, index) => ({ key: `w${index}`, waiting }));
  const { results } = compactReply(replyOf([...placed, ...unplaced]), 4_000);
  expect(results[0]).toEqual({
    key: 'p0',
    placement: { ...placement, receipt: { ...decided, rejected: [], ranked: [ranked[0]] } },
  });
  expect(results.slice(40).map((each) => each.waiting?.unmet.length)).toEqual([1, 0, 0]);
});
