import fc from 'fast-check';
import { Reservations, type Reservation } from './reservations';
import { NO_RESOURCES } from './resource-vector';
import type { SwarmSeen } from './swarm-seen';

const swarm = {} as SwarmSeen;

const step = fc.oneof(
  fc.record({ kind: fc.constant('make' as const), count: fc.integer({ min: 1, max: 90 }) }),
  fc.record({ kind: fc.constant('delete' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('expire' as const), count: fc.nat(80) }),
);

test('each live reservation is found by its id and by its attempt, in the order in which they were made, and no other is', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const reservations = new Reservations('r-1');
      let live: Reservation[] = [];
      const gone: Reservation[] = [];
      const end = (ended: readonly Reservation[]): void => {
        for (const one of ended) reservations.delete(one);
        gone.push(...ended);
        live = live.filter((one) => !ended.includes(one));
      };
      let made = 0;
      for (const one of steps) {
        if (one.kind === 'make')
          for (let n = 0; n < one.count; n += 1) {
            made += 1;
            const given = { swarm, attemptKey: `t${made}#1`, resources: NO_RESOURCES, expiresAtMs: made };
            live.push(reservations.make(given));
          }
        else if (one.kind === 'expire') end(live.slice(0, one.count));
        else if (live.length > 0) end(live.slice(one.which % live.length).slice(0, 1));
        expect([...reservations.live()]).toEqual(live);
        expect(reservations.oldest).toBe(live[0]);
      }
      for (const one of live)
        expect([reservations.get(one.id), reservations.of(one.attemptKey)]).toEqual([one, one]);
      for (const one of gone)
        expect([reservations.get(one.id), reservations.of(one.attemptKey)]).toEqual([undefined, undefined]);
    }),
  );
});

test('an id of another replica, and one that is spelled otherwise, is nobody', () => {
  const reservations = new Reservations('r');
  const given = { swarm, attemptKey: 't#1', resources: NO_RESOURCES, expiresAtMs: 0 };
  expect(reservations.get(reservations.make(given).id)).toBeDefined();
  for (const id of ['r-01', 'r-1 ', 'r-2', 'r-0', 'r--1', 'r-NaN', 'r-', 'q-1', 'rr-1', '1', ''])
    expect(reservations.get(id)).toBeUndefined();
});
