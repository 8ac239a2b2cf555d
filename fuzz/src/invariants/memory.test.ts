import type { Memory } from '../stack/log-watch';
import { heldMore } from './memory';

const looks = (...inMb: number[]): Memory[] =>
  inMb.map((mb) => ({ heapUsed: mb * 1024 * 1024 * 0.75, external: mb * 1024 * 1024 * 0.25, rss: 0 }));

test('who holds more at every look than at the one before has a leak', () => {
  expect(heldMore(looks(30, 32, 34))).toMatch(/30\.0, 32\.0, 34\.0 MB/);
});

test.each([
  ['grows once, as a cache that fills', looks(30, 34, 34.2, 34.1)],
  ['grows by what the collector leaves', looks(30, 30.5, 31)],
  ['gives back what it took', looks(30, 36, 31)],
  ['was looked at too seldom', looks(30, 40)],
])('who %s has none', (_how, held) => {
  expect(heldMore(held)).toBeUndefined();
});
