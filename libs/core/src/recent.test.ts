import { Recent } from './recent';

describe('recent entries', () => {
  test('are at least the last ones that were set, and at most twice as many', () => {
    const recent = new Recent<number, string>(100);
    for (let key = 0; key < 1_000; key++) {
      recent.set(key, `v${key}`);
      for (const old of [key, key - 50, key - 99]) if (old >= 0) expect(recent.get(old)).toBe(`v${old}`);
      expect(recent.get(key - 200)).toBeUndefined();
    }
  });

  test('are what they were set to last', () => {
    const recent = new Recent<string, number>(2);
    recent.set('a', 1);
    recent.set('b', 1);
    recent.set('c', 1);
    recent.set('a', 2);
    expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([2, 1, 1]);
  });
});
