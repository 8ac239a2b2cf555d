import { policyByName } from '../../../../services/load-balancer/src/domain/policies';
import { engineRouting, withoutHealth } from '../engine/engine-routing';
import { simulate } from '../simulate';
import { allSlow, drill, type DrillOptions } from './drill';

const SMALL: DrillOptions = {
  ...{ hosts: 40, replicas: 2, load: 0.6 },
  seconds: { before: 15, trouble: 75, after: 60 },
};
const hybrid = policyByName('hybrid');

test('whoever turns slow, fails or hangs is out, is back when it is well, and nobody else ever is', () => {
  const results = simulate(drill(SMALL), engineRouting(hybrid), 1);
  const { spells = [], wronglyOut } = results.drill ?? {};
  expect(wronglyOut).toBe(0);
  expect(spells.map(({ trouble, foundShare }) => [trouble, foundShare])).toEqual([
    ['slow', 1],
    ['fails fast', 1],
    ['hangs', 1],
  ]);
  const [slow, failsFast, hangs] = spells;
  expect(slow?.outS.worst).toBeLessThan(75);
  expect(failsFast?.outS.worst).toBeLessThan(6);
  // Five time-outs of 30 s, four at a time.
  expect(hangs?.outS.worst).toBeLessThan(75);
  for (const { backS } of spells) expect(backS.median).toBeLessThan(60);

  const blind = simulate(drill(SMALL), withoutHealth(hybrid), 1);
  expect(blind.drill).toBeUndefined();
  const hurt = (of: typeof results): number => of.perPhase()[1]?.hurt ?? NaN;
  expect(hurt(results)).toBeLessThan(hurt(blind) / 3);
});

test('when all get slower together, nobody is out', () => {
  const { drill: result } = simulate(allSlow({ ...SMALL, load: 0.3 }), engineRouting(hybrid), 1);
  expect(result).toEqual({ spells: [], wronglyOut: 0 });
});
