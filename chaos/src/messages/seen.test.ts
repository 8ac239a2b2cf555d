import fc from 'fast-check';
import { numbersOf, seenMore, type Seen } from './seen';

test('what has come is read again, in its order, with all that came twice', () => {
  const came = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat({ max: 12 })));
  fc.assert(
    fc.property(came, (all) => {
      const seen = all.reduce<Seen>((before, [lane, n]) => seenMore(before, lane, n), {});
      for (const lane of ['a', 'b'])
        expect(numbersOf(seen, lane)).toEqual(all.filter(([of]) => of === lane).map(([, n]) => n));
    }),
  );
});
