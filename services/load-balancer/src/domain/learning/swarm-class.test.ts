import fc from 'fast-check';
import { SwarmClasses, swarmClassOf } from './swarm-class';

type Profile = Parameters<typeof swarmClassOf>[0];

function profile(given: Partial<Profile> = {}): Profile {
  return { labels: {}, capabilities: [], resources: {}, costPerHour: 0, slots: 4, ...given };
}

test.each<[Partial<Profile>, string]>([
  [{}, 'cpu free'],
  [{ labels: { class: 'edge' }, costPerHour: 3 }, 'edge'],
  [{ labels: { class: '' }, costPerHour: 4 }, 'cpu $1'],
  [{ resources: { gpu: 1 }, capabilities: ['vision', 'llm'], costPerHour: 7 }, 'gpu llm,vision $2'],
  [{ capabilities: ['b', 'e', 'a', 'd', 'c'] }, 'cpu a,b,c+2~1n21a44 free'],
])('%j is of the class "%s"', (given, expected) => {
  expect(swarmClassOf(profile(given))).toBe(expected);
});

test('a price that moves a little makes no new class', () => {
  const prices = [3.2, 3.9, 4.1, 5.5].map((costPerHour) => swarmClassOf(profile({ costPerHour })));
  expect(new Set(prices)).toEqual(new Set(['cpu $1']));
});

test('names are short and printable, do not depend on the order of capabilities, and long ones stay apart', () => {
  const text = fc.string({ maxLength: 128, unit: 'grapheme' });
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 64 }), (label, capabilities) => {
      for (const given of [{ labels: { class: label } }, { capabilities }]) {
        const name = swarmClassOf(profile(given));
        expect(name).toMatch(/^[ -~]{1,64}$/);
      }
      const reversed = [...capabilities].reverse();
      expect(swarmClassOf(profile({ capabilities }))).toBe(swarmClassOf(profile({ capabilities: reversed })));
    }),
  );
  const long = ['x', 'y'].map((end) => swarmClassOf(profile({ labels: { class: 'a'.repeat(100) + end } })));
  expect(long[0]).not.toBe(long[1]);
});

test('more classes than are kept apart are one', () => {
  const classes = new SwarmClasses(3);
  const of = (name: string): string => classes.of(profile({ labels: { class: name } }));
  expect(['a', 'b', 'c', 'd', 'a'].map(of)).toEqual(['a', 'b', 'other', 'other', 'a']);
});
