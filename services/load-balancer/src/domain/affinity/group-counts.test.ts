import fc from 'fast-check';
import { GroupCounts, withinSkew } from './group-counts';

test('what is counted is what came and has not gone, and nothing is kept of groups that have ended', () => {
  const change = fc.record({ group: fc.constantFrom('a', 'b'), member: fc.nat(3), comes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const counts = new GroupCounts();
      const model: { group: string; member: number }[] = [];
      for (const { group, member, comes } of changes) {
        const at = model.findIndex((each) => each.group === group && each.member === member);
        if (comes) {
          counts.add(group, member);
          model.push({ group, member });
        } else {
          counts.remove(group, member); // one that was never there changes nothing
          if (at >= 0) model.splice(at, 1);
        }
      }
      for (const group of ['a', 'b'])
        for (let member = 0; member < 4; member += 1)
          expect(counts.of(group).get(member) ?? 0).toBe(
            model.filter((each) => each.group === group && each.member === member).length,
          );
      expect(counts.size).toBe(new Set(model.map(({ group }) => group)).size);
    }),
  );
});

test('members of one place count together', () => {
  const counts = new GroupCounts();
  [0, 1, 1, 2].forEach((member) => counts.add('g', member));
  expect(counts.byPlace('g', (member) => (member < 2 ? 'eu' : 'us'))).toEqual(
    new Map([
      ['eu', 3],
      ['us', 1],
    ]),
  );
});

test('placed within the skew, places never differ by more than it while all have room', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.infiniteStream(fc.nat(99)), (maxSkew, picks) => {
      const places = ['a', 'b', 'c'];
      const counts = new Map<string, number>();
      for (let round = 0; round < 30; round += 1) {
        const allowed = places.filter(withinSkew(places, counts, maxSkew));
        expect(allowed.length).toBeGreaterThan(0);
        const place = allowed[(picks.next().value ?? 0) % allowed.length] as string;
        counts.set(place, (counts.get(place) ?? 0) + 1);
        const all = places.map((each) => counts.get(each) ?? 0);
        expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(maxSkew);
      }
    }),
  );
});

test('a place that is full and runs some holds the others back; one that runs none does not', () => {
  expect(
    withinSkew(
      ['a'],
      new Map([
        ['a', 2],
        ['full', 1],
      ]),
      1,
    )('a'),
  ).toBe(false);
  expect(withinSkew(['a'], new Map([['a', 2]]), 1)('a')).toBe(true);
});
