import { Neighbours } from './neighbours';

test('a domain is found, is silent when nothing was heard of it for long enough, and comes back', () => {
  const neighbours = new Neighbours(1_000);
  expect(neighbours.heard('eu', 0, 50)).toBe('found');
  expect(neighbours.heard('eu', 900, 950)).toBe('still');
  expect(neighbours.sweep(1_899, 1_949)).toEqual([]);
  expect(neighbours.sweep(1_900, 1_950)).toEqual([expect.objectContaining({ domain: 'eu', heard: false })]);
  expect(neighbours.sweep(5_000, 5_050)).toEqual([]);
  expect(neighbours.heardNow()).toEqual([]);
  expect(neighbours.get('eu')).toMatchObject({ sinceMs: 1_900, sinceWallMs: 1_950 });
  expect(neighbours.heard('eu', 6_000, 6_050)).toBe('back');
  expect(neighbours.heardNow()).toEqual(['eu']);
});

test('more domains than it keeps in view are not remembered', () => {
  const neighbours = new Neighbours(1_000, 1);
  neighbours.heard('eu', 0, 0);
  expect(neighbours.heard('us', 0, 0)).toBe('full');
  expect(neighbours.all().map(({ domain }) => domain)).toEqual(['eu']);
});
