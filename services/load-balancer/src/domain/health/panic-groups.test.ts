import fc from 'fast-check';
import { HEALTH_DEFAULTS, THRESHOLDS } from './health-settings';
import { PanicGroups } from './panic-groups';
import { SwarmHealth, type Standing } from './swarm-health';

const STANDINGS: Standing[] = ['routable', 'unroutable', 'away'];

function swarm(number: number, group: string): SwarmHealth {
  return new SwarmHealth(
    `s${number}`,
    number,
    { slots: 1, region: 'eu', labels: {}, group },
    0,
    HEALTH_DEFAULTS,
  );
}

test('P1, P2: says where too few are routable, whatever comes, goes and changes', () => {
  const step = fc.record({
    which: fc.nat(11),
    standing: fc.constantFrom(...STANDINGS),
    leaves: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const groups = new PanicGroups(0.5);
      const swarms = Array.from({ length: 12 }, (_, index) => swarm(index, `g${index % 3}`));
      const there = new Set<SwarmHealth>();
      const panics = new Map<string | undefined, boolean>();
      const expected = (members: SwarmHealth[], least: number): boolean => {
        const up = members.filter(({ standing }) => standing !== 'away');
        const routable = up.filter(({ standing }) => standing === 'routable').length;
        return up.length >= least && routable < up.length / 2;
      };
      for (const { which, standing, leaves } of steps) {
        const one = swarms[which] as SwarmHealth;
        const isThere = there.has(one);
        const flipped = !isThere
          ? groups.join(one)
          : leaves
            ? groups.leave(one)
            : groups.stand(one, standing);
        if (!isThere) there.add(one);
        else if (leaves) there.delete(one);
        for (const { group, isPanic } of flipped) {
          expect(isPanic).toBe(!panics.get(group));
          panics.set(group, isPanic);
        }
        const all = [...there];
        expect(panics.get(undefined) === true).toBe(expected(all, 1));
        for (const name of ['g0', 'g1', 'g2']) {
          const isPanic = expected(
            all.filter(({ facts }) => facts.group === name),
            THRESHOLDS.PANIC_HOSTS,
          );
          expect(panics.get(name) === true).toBe(isPanic);
          expect(groups.isPanicFor(name)).toBe(isPanic || expected(all, 1));
        }
      }
    }),
  );
});
