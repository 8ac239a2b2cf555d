import fc from 'fast-check';
import { Columns } from '../engine/columns';
import { CHANGED } from '../engine/journal';
import { HashRing } from './hash-ring';

/** Joins (with a hash) and leaves of endpoints, and a look now and then. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ join: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }) },
    { weight: 2, arbitrary: fc.record({ leave: fc.nat() }) },
    { weight: 1, arbitrary: fc.constant({ look: true }) },
  ),
  { maxLength: 400 },
);

test('after any joins and leaves the ring leads where a look at everybody would', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.integer(), { minLength: 1, maxLength: 5 }), (taken, keys) => {
      const columns = new Columns();
      const ring = new HashRing(columns);
      const live: number[] = [];
      for (const step of taken) {
        if ('join' in step) {
          const index = columns.add();
          columns.hash[index] = step.join || 1;
          columns.journal.note(index, CHANGED.profile);
          live.push(index);
        } else if ('leave' in step) {
          const [index] = live.splice(step.leave % Math.max(1, live.length), 1);
          if (index === undefined) continue;
          columns.journal.note(index, CHANGED.profile);
          columns.remove(index);
        } else ring.catchUp();
      }
      ring.catchUp();
      const hashOf = (index: number): number => (columns.hash[index] as number) >>> 0;
      for (const key of keys) {
        const distance = (index: number): number => (hashOf(index) - (key >>> 0) + 2 ** 32) % 2 ** 32;
        const nearest = Math.min(...live.map(distance));
        const found = ring.from(key, live.length, () => true);
        expect(found < 0 ? Infinity : distance(found)).toBe(nearest);
        const only = live[keys.length % Math.max(1, live.length)];
        if (only !== undefined) expect(ring.from(key, live.length, (index) => index === only)).toBe(only);
      }
    }),
    { numRuns: 100 },
  );
});
