import fc from 'fast-check';
import { RetryBudget } from './retry-budget';

test.each([
  [0, 3],
  [10, 3],
  [20, 4],
  [1_000, 200],
])('of %d active attempts, %d may be re-picks', (active, most) => {
  expect(new RetryBudget().take(10_000, active)).toBe(most);
});

test('R1: never more are under way than may be, and what is given back may be taken again', () => {
  const step = fc.record({ wanted: fc.nat(50), active: fc.nat(300), gives: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = new RetryBudget();
      const taken: number[] = [];
      const underWay = (): number => taken.reduce((sum, each) => sum + each, 0);
      for (const { wanted, active, gives } of steps) {
        if (gives) budget.giveBack(taken.shift() ?? 0);
        const before = underWay();
        const granted = budget.take(wanted, active);
        taken.push(granted);
        const most = Math.max(3, Math.floor(active / 5));
        expect(granted).toBe(Math.max(0, Math.min(wanted, most - before)));
      }
    }),
  );
});
