import { digamma, trigamma } from './gamma-functions';

/** Euler's constant. */
const GAMMA = 0.5772156649015329;

test.each([
  [1, -GAMMA, Math.PI ** 2 / 6],
  [0.5, -GAMMA - 2 * Math.log(2), Math.PI ** 2 / 2],
  [2, 1 - GAMMA, Math.PI ** 2 / 6 - 1],
  [0.1, -10.423754940411076, 101.43329915079275],
])('at %d they are what is known exactly', (x, first, second) => {
  expect(digamma(x)).toBeCloseTo(first, 7);
  expect(trigamma(x)).toBeCloseTo(second, 6);
});

test('far out they are about ln x and 1/x', () => {
  expect(digamma(1e6)).toBeCloseTo(Math.log(1e6) - 5e-7, 9);
  expect(trigamma(1e6)).toBeCloseTo(1e-6, 9);
});
