import { candidatesOf, CRITERIA, preferred } from './candidates';

const SOURCE = `function a(x) {
  return x ? (x > 1 ? b(x) : b(-x)) : 0;
}
function b(y) {
  const z = y;
  const w = z;
  return b(w);
}
`;

test('each member finds what it looks at', () => {
  const candidates = candidatesOf(SOURCE);
  expect(candidates.map(({ name, complexity, uses }) => [name, complexity, uses])).toEqual([
    ['a', 3, 0],
    ['b', 1, 3],
  ]);
  const [paths, lines, uses] = CRITERIA.map((criterion) => preferred(candidates, criterion));
  expect(paths).toEqual({ choice: 'a', because: 'it has 3 paths' });
  expect(lines).toEqual({ choice: 'b', because: 'it has 6 lines' });
  expect(uses).toEqual({ choice: 'b', because: 'it is used 3 times' });
});
