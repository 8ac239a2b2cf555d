import fc from 'fast-check';
import { Placement, type Rejection } from '@multiswarm/contracts';
import { POLICIES } from '../policies';
import { renderPlacement } from './decision';
import { Placed, Ranks } from './placed';
import { printPlacement } from './print-placement';
import { ShownProfile } from './shown-profile';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
/** What requirements are made of: any text, with what JSON escapes. */
const text = fc.string({ unit: 'binary', maxLength: 40 });
const count = fc.nat(100_000);
const rejected: fc.Arbitrary<Rejection[]> = fc.array(
  fc.record({
    rule: fc.constantFrom('capability' as const, 'attribute' as const),
    ...{ count, detail: text, examples: fc.array(name, { maxLength: 5 }) },
  }),
  { maxLength: 3 },
);
const turned = rejected.map((list) => ({ list }));
const ranked = fc.array(
  fc.record({
    profile: fc
      .tuple(
        name,
        name,
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      )
      .map((given) => new ShownProfile(...given)),
    busy: fc.nat(12_000),
    // Policies may say of somebody that nothing could be worse.
    score: fc.double(),
  }),
  { minLength: 1, maxLength: 5 },
);
const placed = fc
  .record({
    ...{ key: text, policy: fc.constantFrom(...POLICIES), wallMs: fc.integer({ min: 0, max: 4e12 }) },
    ...{ known: count, feasible: count, withRoom: count, free: count, turned, caveat: text },
    wishes: fc.option(fc.array(text, { maxLength: 3 }), { nil: undefined }),
    ...{
      stalenessMs: fc.double({ noNaN: true, min: -5, max: 1e7 }),
      viewAgeMs: fc.double({ noNaN: true, min: -5, max: 1e7 }),
    },
    ...{ replica: name, reservation: fc.nat() },
  })
  .chain((facts) =>
    ranked.map((all) => {
      const ranks = new Ranks(all.length);
      all.forEach(({ profile, busy, score }, at) => ranks.set(at, profile, busy, score));
      return new Placed(facts, ranks);
    }),
  );

test('what is printed from a record is the JSON of what is made of it, whatever names, numbers and texts it has', () => {
  fc.assert(
    fc.property(placed, (decision) => {
      const printed = printPlacement(decision);
      expect(printed).toBe(JSON.stringify(renderPlacement(decision)));
      expect(() => Placement.parse(JSON.parse(printed))).not.toThrow();
      // Once more, from what was kept.
      expect(printPlacement(decision)).toBe(printed);
    }),
  );
});
