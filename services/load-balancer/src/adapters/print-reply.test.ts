import fc from 'fast-check';
import { PlaceReply, type PlaceResult, type Receipt, type Rejection } from '@multiswarm/contracts';
import { printReply } from './print-reply';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,127}$/);
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
    { minLength: 1, maxLength: 5 },
  ),
  chosen: name,
  because: text,
});
const result: fc.Arbitrary<PlaceResult> = fc.oneof(
  fc.record({ key: text, reservationId: name, receipt }).map(({ key, reservationId, receipt: given }) => {
    const { swarmId, region, costPerSlotHour } = given.ranked[0] as Receipt['ranked'][number];
    const placement = { swarmId, region, reservationId, costPerSlotHour };
    return { key, placement: { ...placement, receipt: { ...given, chosen: swarmId } } };
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
const printed = (results: PlaceResult[], limit: number): { bytes: number; reply: PlaceReply } => {
  const { json } = printReply(replyOf(results), limit);
  return { bytes: Buffer.byteLength(json), reply: PlaceReply.parse(JSON.parse(json)) };
};

test('a reply that fits is whole, and one that would be larger than NATS carries is smaller and keeps every decision', () => {
  fc.assert(
    fc.property(fc.array(result, { minLength: 1, maxLength: 60 }), fc.nat(4_000), (results, less) => {
      const whole = printed(results, Infinity);
      expect(whole.reply).toEqual(replyOf(results));
      // Room for the envelope is kept.
      expect(printed(results, whole.bytes + 1_024)).toEqual(whole);
      const { bytes, reply } = printed(results, whole.bytes + 1_023 - less);
      expect(bytes).toBeLessThanOrEqual(whole.bytes);
      const decisions = ({ key, placement, waiting }: PlaceResult) => [
        key,
        placement?.reservationId,
        placement?.receipt.ranked[0],
        placement?.receipt.because,
        waiting?.detail,
      ];
      expect(reply.results.map(decisions)).toEqual(results.map(decisions));
    }),
    { numRuns: 100 },
  );
});

test('of a reply that is made smaller each placement keeps its decision, and a reason that is shared is said once in full', () => {
  const rejected: Rejection[] = [{ rule: 'slot', count: 1, detail: 'a free slot', examples: ['b'] }];
  const ranked = ['a', 'c'].map((swarmId) => {
    return { swarmId, region: 'r', freeSlots: 1, load: 0, costPerSlotHour: 1 };
  });
  const decidedAt = '2026-03-14T09:26:53.589Z';
  const counts = { candidates: 3, feasible: 3, withFreeSlot: 2 };
  const decided = { policy: 'p', decidedAt, ...counts, chosen: 'a', because: 'x' };
  const receipt = { ...decided, rejected, ranked };
  const placement = { swarmId: 'a', region: 'r', reservationId: 'id', costPerSlotHour: 1, receipt };
  const waiting = { reason: 'no-slot' as const, since: decidedAt, detail: 'full', unmet: rejected };
  const placed = Array.from({ length: 40 }, (_, index) => ({ key: `p${index}`, placement }));
  const unplaced = Array.from({ length: 3 }, (_, index) => ({ key: `w${index}`, waiting }));
  const { results } = printed([...placed, ...unplaced], 4_000).reply;
  expect(results[0]).toEqual({
    key: 'p0',
    placement: { ...placement, receipt: { ...decided, rejected: [], ranked: [ranked[0]] } },
  });
  expect(results.slice(40).map((each) => each.waiting?.unmet.length)).toEqual([1, 0, 0]);
});
