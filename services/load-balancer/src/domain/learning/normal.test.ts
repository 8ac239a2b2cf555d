import { normal } from './normal';

test('equally likely numbers have the mean, the variance and the quantiles of a normal distribution', () => {
  const size = 24 * 4_096;
  const values = Array.from({ length: size }, (_, index) => normal({ next: () => (index + 0.5) / size }));
  const mean = values.reduce((sum, value) => sum + value, 0) / size;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / size;
  expect(mean).toBeCloseTo(0, 6);
  expect(variance).toBeCloseTo(1, 2);
  const below = (limit: number): number => values.filter((value) => value < limit).length / size;
  expect(below(-1.959964)).toBeCloseTo(0.025, 3);
  expect(below(0.67449)).toBeCloseTo(0.75, 3);
  expect(below(2.575829)).toBeCloseTo(0.995, 3);
});
