import fc from 'fast-check';
import type { AttemptRef, Heartbeat, PlaceItem } from '@multiswarm/contracts';
import { at, fleetOf, fleetOfReplica, heartbeat, HOLD_MS, item, place } from '../../test/support/builders';
import type { Fleet, Outcome } from './fleet';
import { fits, NO_RESOURCES, plus, toVector } from './resource-vector';
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
      state: Heartbeat['state'];
    }
  | {
      kind: 'report';
      swarmId: string;
      of: AttemptRef;
      known: boolean;
      outcome: Outcome['outcome'];
      next: AttemptRef | undefined;
    }
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
      'cordoned' as const,
      'stopped' as const,
    ),
  }),
  fc.record({
    kind: fc.constant('report' as const),
    swarmId,
    of: attempt,
    known: fc.boolean(),
    outcome: fc.constantFrom(...OUTCOMES),
    next: fc.option(attempt, { nil: undefined }),
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
    const results = place(this.fleet, items, at(this.time));
    for (const { placement, waiting } of results) {
      expect([placement, waiting].filter((part) => part !== undefined)).toHaveLength(1);
      if (placement === undefined) continue;
      const before = placement.receipt.ranked[0];
      expect(before?.swarmId).toBe(placement.swarmId);
      expect(before?.freeSlots).toBeGreaterThan(0);
    }
  }

  private report({ swarmId: id, of, known, outcome, next }: Extract<Step, { kind: 'report' }>): void {
    const reservation = [...this.fleet.liveReservations()].find(
      ({ attemptKey: key }) => key === attemptKey(of),
    );
    const reservationId = known ? (reservation?.reportedAs ?? 'none') : 'none';
    const given = { reservationId, swarmId: id, ...of, outcome, ...(next === undefined ? {} : { next }) };
    const before = new Map([...this.fleet.swarms()].map((swarm) => [swarm, swarm.freeSlots]));
    const freed = this.fleet.report(given, at(this.time)).map(({ swarmId: name }) => name);
    const grown = [...before].filter(([swarm, free]) => swarm.freeSlots > free);
    expect(freed.sort()).toEqual(grown.map(([{ swarmId: name }]) => name).sort());
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
    // What was handed over runs already, whatever was placed there meanwhile.
    if (own.every(({ id, reportedAs }) => id === reportedAs)) {
      expect(own.length).toBeLessThanOrEqual(swarm.slots);
      expect(fits(swarm.reservedResources, toVector({ cpu: CPU }))).toBe(true);
    }
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

/**
 * One swarm that does what it is told, and two replicas: one places, the other one hears the same heartbeats and reports.
 * Heartbeats are under way for some steps; what one replica is told by reports it is told at once.
 */
class Chains {
  readonly placing = fleetOfReplica('r1', { swarmId: 'a', slots: SLOTS, intervalMs: 60_000 });
  readonly hearing = fleetOfReplica('r2', { swarmId: 'a', slots: SLOTS, intervalMs: 60_000 });
  readonly running = new Map<string, string>();
  private readonly underWay: Heartbeat[] = [];
  private seq = 1;
  private tasks = 0;

  constructor(private readonly delay: number) {}

  run(step: 'place' | 'heartbeat' | { end: number; handOver: boolean }): void {
    if (step === 'place') this.place();
    else if (step === 'heartbeat') this.send();
    else this.end(step);
    if (this.underWay.length > this.delay) this.deliver();
  }

  deliver(): void {
    const sent = this.underWay.shift();
    if (sent === undefined) return;
    for (const fleet of [this.placing, this.hearing]) fleet.heartbeat(sent, at(this.seq));
  }

  send(): void {
    this.seq += 1;
    const held = [...this.running.keys()].map((taskId) => ({ taskId, attempt: 1 }));
    this.underWay.push(heartbeat({ swarmId: 'a', slots: SLOTS, intervalMs: 60_000, seq: this.seq, held }));
  }

  private place(): void {
    const taskId = this.newTask();
    const [result] = place(this.placing, [item(taskId)], at(this.seq));
    expect(result?.placement !== undefined).toBe(this.running.size < SLOTS);
    if (result?.placement !== undefined) this.running.set(taskId, result.placement.reservationId);
  }

  private end({ end, handOver }: { end: number; handOver: boolean }): void {
    const [taskId, reservationId] = [...this.running][end % Math.max(1, this.running.size)] ?? [];
    if (taskId === undefined || reservationId === undefined) return;
    const next = handOver ? { taskId: this.newTask(), attempt: 1 } : undefined;
    this.running.delete(taskId);
    if (next !== undefined) this.running.set(next.taskId, reservationId);
    const outcome: Outcome = { reservationId, swarmId: 'a', taskId, attempt: 1, outcome: 'succeeded' };
    for (const fleet of [this.placing, this.hearing])
      fleet.report(next === undefined ? outcome : { ...outcome, next }, at(this.seq));
  }

  private newTask(): string {
    this.tasks += 1;
    return `t${this.tasks}`;
  }
}

test('however heartbeats and hand-overs mix, whoever places counts exactly what runs, and all replicas do after a heartbeat', () => {
  const busy = (fleet: Fleet) => fleet.get('a')?.busy;
  const one = fc.oneof(
    fc.constant('place' as const),
    fc.constant('heartbeat' as const),
    fc.record({ end: fc.nat(SLOTS), handOver: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.nat(4), fc.array(one, { maxLength: 60 }), (delay, steps) => {
      const chains = new Chains(delay);
      for (const step of steps) {
        chains.run(step);
        expect(busy(chains.placing)).toBe(chains.running.size);
        expect(busy(chains.hearing)).toBeLessThanOrEqual(chains.running.size);
      }
      chains.send();
      for (let index = 0; index <= steps.length; index++) chains.deliver();
      expect([busy(chains.placing), busy(chains.hearing)]).toEqual([
        chains.running.size,
        chains.running.size,
      ]);
    }),
    { numRuns: 300 },
  );
});
