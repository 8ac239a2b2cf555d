import { expectedMs, TypicalDuration, type Durations } from './durations';

function after(...lengths: number[]): TypicalDuration {
  const typical = new TypicalDuration();
  for (const ms of lengths) typical.note(ms, undefined);
  return typical;
}

describe('durations', () => {
  test('nothing is expected of a type that never ran', () => {
    expect(new TypicalDuration().expect(undefined)).toBeUndefined();
    expect(after(10).expect(500)).toBeUndefined();
  });

  test('one run that hung does not stretch what is expected of all others', () => {
    expect(after(100, 100, 100, 100, 3_600_000).expect(undefined)?.ms).toBeLessThan(1_000);
  });

  test('work that has become slower is expected to be slow after a while', () => {
    const typical = after(...Array.from({ length: 100 }, () => 50), ...Array.from({ length: 60 }, () => 400));
    expect(typical.expect(undefined)?.ms).toBeGreaterThan(350);
    expect(typical.expect(undefined)?.ms).toBeLessThanOrEqual(401);
  });

  test('declared estimates are corrected by the factor by which they were off, and keep their proportions', () => {
    const typical = new TypicalDuration();
    for (const declared of [100, 1_000, 10_000, 100, 5_000]) typical.note(declared * 2, declared);
    expect(typical.expect(300)?.ms).toBeCloseTo(600, 6);
    expect(typical.expect(3_000)?.ms).toBeCloseTo(6_000, 6);
  });

  test('five runs outweigh a declared estimate, fewer do not, and anything is better than nothing', () => {
    const source = (runs: number): Durations => ({ expect: () => ({ ms: 70, runs }) });
    const nobody: Durations = { expect: () => undefined };
    expect(expectedMs('t', 1_000, [source(4), nobody])).toBe(1_000);
    expect(expectedMs('t', 1_000, [nobody, source(5)])).toBe(70);
    expect(expectedMs('t', undefined, [nobody, source(1)])).toBe(70);
    expect(expectedMs('t', undefined, [nobody])).toBeUndefined();
  });
});
