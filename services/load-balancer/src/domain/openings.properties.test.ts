import fc from 'fast-check';
import { at, fleetOf, heartbeat, item, leastLoaded, type SwarmGiven } from '../../test/support/builders';
import type { Fleet } from './fleet';
import { place } from './place';
import type { Policy } from './policies';

/** The same policy, by ranking everybody for each item: slower, and plainly right. */
const byRankOnly: Policy = {
  name: leastLoaded.name,
  rank: (candidates, context) => leastLoaded.rank(candidates, context),
  because: (ranked, counts) => leastLoaded.because(ranked, counts),
};

const swarm = fc.record({
  slots: fc.constantFrom(1, 2, 3, 8),
  held: fc.nat(3),
  costPerHour: fc.constantFrom(1, 2, 4),
  gpu: fc.boolean(),
  cpu: fc.constantFrom(1, 4),
  late: fc.constantFrom(false, false, false, true),
  state: fc.constantFrom('ready' as const, 'ready' as const, 'ready' as const, 'cordoned' as const),
});
/** So many that a short list does not hold all, and so much room that it lasts for more than one. */
const calmSwarm = fc.record({
  slots: fc.constantFrom(1, 2, 3),
  held: fc.constantFrom(0, 0, 1),
  costPerHour: fc.constantFrom(1, 2),
  gpu: fc.boolean(),
  cpu: fc.constantFrom(1, 4),
  late: fc.constant(false),
  state: fc.constant('ready' as const),
});

const ask = fc.record({
  gpu: fc.constantFrom(false, false, true),
  cpu: fc.constantFrom(undefined, undefined, 0.5, 3),
  avoid: fc.constantFrom(undefined, undefined, undefined, [], ['s0', 's1']),
  type: fc.constantFrom('build', 'test'),
});
const ended = fc.record({ ended: fc.nat(60), of: fc.nat(2) });
const stepOf = (items: fc.Arbitrary<Made<typeof ask>[]>) => fc.oneof({ weight: 3, arbitrary: items }, ended);
const step = stepOf(fc.array(ask, { maxLength: 30 }));

type Made<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Step = Made<typeof step>;

function given(index: number, { held, gpu, cpu, late, ...rest }: Made<typeof swarm>): SwarmGiven {
  const attempts = Array.from({ length: held }, (_, at) => ({ taskId: `held-${index}-${at}`, attempt: 1 }));
  return {
    ...rest,
    swarmId: `s${index}`,
    held: attempts,
    capabilities: gpu ? ['gpu'] : [],
    resources: { cpu },
    intervalMs: late ? 100 : 60_000,
  };
}

/** Runs the steps 250 ms after the heartbeats: those that are late are suspect. */
function results(fleet: Fleet, steps: readonly Step[], policy: Policy): unknown[] {
  let tasks = 0;
  return steps.map((one) => {
    if (!Array.isArray(one)) {
      const outcome = { reservationId: 'none', swarmId: `s${one.ended}`, attempt: 1 };
      const freed = fleet.report(
        { ...outcome, taskId: `held-${one.ended}-${one.of}`, outcome: 'succeeded' },
        at(250),
      );
      return freed.map(({ swarmId }) => swarmId);
    }
    const items = one.map(({ gpu, cpu, avoid, type }) =>
      item(`t${(tasks += 1)}`, {
        type,
        requirements: {
          ...(gpu ? { capabilities: ['gpu'] } : {}),
          ...(cpu === undefined ? {} : { resources: { cpu } }),
        },
        ...(avoid === undefined ? {} : { avoid: [...avoid] }),
      }),
    );
    return place(fleet, items, at(250), policy);
  });
}

function sameResults(all: readonly Made<typeof swarm>[], steps: readonly Step[]): void {
  const [one, other] = [0, 1].map(() => fleetOf(...all.map((each, index) => given(index, each))));
  expect(results(one as Fleet, steps, leastLoaded)).toEqual(results(other as Fleet, steps, byRankOnly));
}

describe('a batch that is placed from a short list has the placements and the receipts of one that ranks everybody', () => {
  test('in any fleet', () => {
    const swarms = fc.array(swarm, { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(swarms, fc.array(step, { maxLength: 8 }), sameResults), { numRuns: 300 });
  });

  test('in a fleet of more swarms than the list holds, when it is used up within one batch', () => {
    const swarms = fc.array(calmSwarm, { minLength: 80, maxLength: 120, size: 'max' });
    const items = fc.array(ask, { minLength: 60, maxLength: 160, size: 'max' });
    fc.assert(fc.property(swarms, fc.array(stepOf(items), { minLength: 1, maxLength: 3 }), sameResults), {
      numRuns: 25,
      interruptAfterTimeLimit: 20_000,
    });
  });
});

test('what was found out about a class is forgotten when the fleet changes', () => {
  const change = fc.record({ index: fc.nat(9), gpu: fc.boolean(), stopped: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(swarm, { minLength: 1, maxLength: 10 }),
      fc.array(change, { maxLength: 10 }),
      (all, changes) => {
        const known = fleetOf(...all.map((each, index) => given(index, each)));
        let seq = 1;
        for (const { index, gpu, stopped } of changes) {
          seq += 1;
          const base = given(index, { ...(all[index % all.length] as Made<typeof swarm>), gpu });
          const sent = heartbeat({ ...base, seq, ...(stopped ? { state: 'stopped' as const } : {}) });
          known.heartbeat(sent, at(seq));
          const fresh = fleetOf();
          for (const swarm of known.swarms())
            fresh.heartbeat({ ...heartbeatOf(swarm.profile), seq }, at(seq));
          const asked = item('t', { requirements: { capabilities: ['gpu'] } });
          expect(known.pools.of(asked, at(seq)).feasible.ready.map(({ swarmId }) => swarmId)).toEqual(
            fresh.pools.of(asked, at(seq)).feasible.ready.map(({ swarmId }) => swarmId),
          );
        }
      },
    ),
  );
});

/** A swarm's profile is its last heartbeat. */
function heartbeatOf(profile: unknown): ReturnType<typeof heartbeat> {
  return profile as ReturnType<typeof heartbeat>;
}
