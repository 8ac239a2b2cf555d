import fc from 'fast-check';
import type { AttemptRef, PlaceItem } from '@multiswarm/contracts';
import { at, fleetOf, heartbeat, HOLD_MS, item, leastLoaded } from '../../test/support/builders';
import type { Fleet, Outcome } from './fleet';
import { place } from './place';
import { NO_RESOURCES, plus, RESOURCE_KINDS } from './resource-vector';
import { attemptKey } from './swarm-seen';

const SWARMS = ['a', 'b', 'c'];
const SLOTS = 3;
const CPU = 4;
const TASKS = ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7'];

const swarmId = fc.constantFrom(...SWARMS);
const attempt = fc.record({ taskId: fc.constantFrom(...TASKS), attempt: fc.integer({ min: 1, max: 2 }) });
const cpu = fc.constantFrom(undefined, 0.1, 0.2, 0.7, 1, 3);
const OUTCOMES: Outcome['outcome'][] = ['succeeded', 'failed', 'lost', 'refused', 'unused'];

type Step =
  | { kind: 'place'; asks: (AttemptRef & { cpu: number | undefined })[] }
  | {
      kind: 'heartbeat';
      swarmId: string;
      instance: string;
      seqBack: number;
      held: AttemptRef[];
      cpuUsed: number;
      state: 'ready' | 'draining' | 'stopped';
    }
  | { kind: 'report'; swarmId: string; of: AttemptRef; known: boolean; outcome: Outcome['outcome'] }
  | { kind: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('place' as const),
    asks: fc.array(
      fc.tuple(attempt, cpu).map(([ref, asked]) => ({ ...ref, cpu: asked })),
      { maxLength: 12 },
    ),
  }),
  fc.record({
    kind: fc.constant('heartbeat' as const),
    swarmId,
    instance: fc.constantFrom('i1', 'i1', 'i1', 'i2'),
    seqBack: fc.integer({ min: -3, max: 1 }),
    held: fc.uniqueArray(attempt, { maxLength: SLOTS, selector: attemptKey }),
    cpuUsed: fc.constantFrom(0, 0.3, 2),
    state: fc.constantFrom(
      'ready' as const,
      'ready' as const,
      'ready' as const,
      'draining' as const,
      'stopped' as const,
    ),
  }),
  fc.record({
    kind: fc.constant('report' as const),
    swarmId,
    of: attempt,
    known: fc.boolean(),
    outcome: fc.constantFrom(...OUTCOMES),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: HOLD_MS * 2 }) }),
);

class World {
  readonly fleet: Fleet = fleetOf(
    ...SWARMS.map((id) => ({ swarmId: id, slots: SLOTS, resources: { cpu: CPU } })),
  );
  private time = 0;
  private seq = 10;

  run(one: Step): void {
    if (one.kind === 'place') this.place(one.asks);
    else if (one.kind === 'heartbeat') {
      this.seq += 1;
      const { kind: _kind, seqBack, cpuUsed, ...given } = one;
      const seq = Math.max(0, this.seq - seqBack);
      const sent = { ...given, slots: SLOTS, resources: { cpu: CPU }, resourcesUsed: { cpu: cpuUsed }, seq };
      this.fleet.heartbeat(heartbeat(sent), at(this.time));
    } else if (one.kind === 'report') this.report(one);
    else {
      this.time += one.ms;
      this.fleet.sweep(at(this.time));
    }
  }

  private place(asks: (AttemptRef & { cpu: number | undefined })[]): void {
    const items = asks.map(({ taskId, attempt: number, cpu: asked }): PlaceItem => {
      return item(taskId, {
        attempt: number,
        requirements: asked === undefined ? {} : { resources: { cpu: asked } },
      });
    });
    const results = place(this.fleet, items, at(this.time), leastLoaded);
    for (const { placement, waiting } of results) {
      expect([placement, waiting].filter((part) => part !== undefined)).toHaveLength(1);
      if (placement === undefined) continue;
      const before = placement.receipt.ranked[0];
      expect(before?.swarmId).toBe(placement.swarmId);
      expect(before?.freeSlots).toBeGreaterThan(0);
    }
  }

  private report({ swarmId: id, of, known, outcome }: Extract<Step, { kind: 'report' }>): void {
    const reservation = [...this.fleet.liveReservations()].find(
      ({ attemptKey: key }) => key === attemptKey(of),
    );
    const reservationId = known ? (reservation?.id ?? 'none') : 'none';
    this.fleet.report({ reservationId, swarmId: id, ...of, outcome }, at(this.time));
  }
}

/** What must hold after every step, worked out from the list of live reservations alone. */
function checkInvariants(fleet: Fleet): void {
  const live = [...fleet.liveReservations()];
  for (const { swarm } of live) expect(fleet.get(swarm.swarmId)).toBe(swarm);
  for (const swarm of fleet.swarms()) {
    const own = live.filter((reservation) => reservation.swarm === swarm);
    expect(swarm.reservedSlots).toBe(own.length);
    expect(swarm.reservedResources).toEqual(
      own.reduce((sum, { resources }) => plus(sum, resources), NO_RESOURCES),
    );
    expect(own.length).toBeLessThanOrEqual(swarm.slots);
    for (const kind of RESOURCE_KINDS) expect(swarm.reservedResources[kind]).toBeLessThanOrEqual(CPU * 1_000);
    expect(swarm.freeSlots).toBe(Math.max(0, swarm.slots - swarm.busy));
    const counted = new Set(swarm.toSwarm(at(0)).held.map(attemptKey));
    for (const { attemptKey: key } of own) expect(counted.has(key)).toBe(false);
    expect(swarm.busy).toBeGreaterThanOrEqual(own.length + counted.size);
  }
}

test('reserved slots and resources are always the sum over live reservations, and never more than there are', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World();
      for (const one of steps) {
        world.run(one);
        checkInvariants(world.fleet);
      }
    }),
    { numRuns: 150 },
  );
});

test('the same heartbeats and the same work give the same placements', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const [one, other] = [new World(), new World()];
      for (const next of steps) {
        one.run(next);
        other.run(next);
      }
      const ids = ({ fleet }: World) =>
        [...fleet.liveReservations()].map(({ id, attemptKey: key, swarm }) => [id, key, swarm.swarmId]);
      expect(ids(one)).toEqual(ids(other));
    }),
  );
});

test('everything comes free when all holds have run out and the swarms hold nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const world = new World();
      for (const one of steps) world.run(one);
      world.run({ kind: 'wait', ms: HOLD_MS * 2 });
      for (const id of SWARMS) {
        world.run({
          kind: 'heartbeat',
          swarmId: id,
          instance: 'i3',
          seqBack: -100,
          held: [],
          cpuUsed: 0,
          state: 'ready',
        });
      }
      for (const swarm of world.fleet.swarms()) {
        expect([swarm.busy, swarm.resourcesLeft.cpu]).toEqual([0, CPU * 1_000]);
      }
      expect(world.fleet.size).toBe(SWARMS.length);
    }),
  );
});
