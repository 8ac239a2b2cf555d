import fc from 'fast-check';
import { SlotMap } from './slot-map';

const steps = fc.array(fc.oneof(fc.record({ set: fc.nat(12) }), fc.record({ delete: fc.nat(12) })), {
  maxLength: 60,
});

describe('a map with its values beside its table', () => {
  test('says the same as a map, whatever comes and goes', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const map = new Map<number, string>();
        const slots = new SlotMap<number, string>();
        taken.forEach((step, at) => {
          if ('set' in step) {
            map.set(step.set, `v${at}`);
            slots.set(step.set, `v${at}`);
          } else expect(slots.delete(step.delete)).toBe(map.delete(step.delete));
          expect([...slots]).toEqual([...map]);
          expect([...slots.keys()]).toEqual([...map.keys()]);
          expect([...slots.values()]).toEqual([...map.values()]);
          expect(slots.size).toBe(map.size);
          for (let key = 0; key <= 12; key++) {
            expect(slots.get(key)).toBe(map.get(key));
            expect(slots.has(key)).toBe(map.has(key));
          }
        });
      }),
    );
  });

  test('may be changed while somebody walks over it, as a map', () => {
    const walked = (map: Map<string, number> | SlotMap<string, number>): unknown[] => {
      for (const key of ['a', 'b', 'c', 'd']) map.set(key, 1);
      const seen: unknown[] = [];
      for (const [key, value] of map) {
        seen.push([key, value]);
        if (key === 'a') map.delete('b');
        if (key === 'a') map.set('e', 5);
        if (key === 'c') map.delete('c');
      }
      return seen;
    };
    expect(walked(new SlotMap())).toEqual(walked(new Map()));
  });

  test('works on after it has held many and was emptied', () => {
    const slots = new SlotMap<number, number>();
    for (let round = 1; round <= 2; round++) {
      for (let key = 0; key < 5_000; key++) slots.set(key, key * round);
      expect(slots.get(4_321)).toBe(4_321 * round);
      for (let key = 0; key < 5_000; key++) slots.delete(key);
      expect([...slots]).toEqual([]);
    }
  });
});
