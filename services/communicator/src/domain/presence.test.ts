import type { Heartbeat } from '@multiswarm/contracts';
import fc from 'fast-check';
import { Presence } from './presence';

const INTERVAL_MS = 1_000;

function beat(swarmId: string, seq: number, given: Partial<Heartbeat> = {}): Heartbeat {
  return {
    v: 1,
    swarmId,
    region: 'us-east',
    slots: 4,
    types: ['*'],
    capabilities: [],
    labels: {},
    attributes: {},
    resources: {},
    costPerHour: 1,
    instance: 'first',
    seq,
    sentAt: 0,
    intervalMs: INTERVAL_MS,
    state: 'ready',
    held: [],
    resourcesUsed: {},
    ...given,
  };
}

describe('silence', () => {
  test.each([
    [1_999, 'ready', true],
    [2_000, 'suspect', true],
    [2_999, 'suspect', true],
    [3_000, 'down', false],
  ])('after %i ms at an interval of a second a swarm is %s', (silentMs, state, present) => {
    const presence = new Presence();
    presence.heard(beat('a', 1), 500);
    expect(presence.look('a', 500 + silentMs)).toEqual({ swarmId: 'a', region: 'us-east', state, silentMs });
    expect(presence.isPresent('a', 500 + silentMs)).toBe(present);
    expect(presence.present(500 + silentMs)).toEqual(present ? ['a'] : []);
  });

  test('a swarm that is heard again is there again', () => {
    const presence = new Presence();
    presence.heard(beat('a', 1), 0);
    expect(presence.heard(beat('a', 2), 10_000)).toBe('joined');
    expect(presence.isPresent('a', 10_000)).toBe(true);
  });

  test('a swarm that has been silent for long is forgotten, a merely down one is not', () => {
    const presence = new Presence();
    presence.heard(beat('gone', 1), 0);
    presence.heard(beat('down', 1), 55_000);
    presence.forgetSilent(60_000);
    expect(presence.look('gone', 60_000)).toBeUndefined();
    expect(presence.look('down', 60_000)?.state).toBe('down');
  });
});

describe('heartbeats that were overtaken', () => {
  test('an older heartbeat of the same process changes nothing', () => {
    const presence = new Presence();
    presence.heard(beat('a', 5, { state: 'draining' }), 0);
    expect(presence.heard(beat('a', 4), 100)).toBe('stale');
    expect(presence.look('a', 100)).toMatchObject({ state: 'draining', silentMs: 100 });
  });

  test('a new process under the same id starts its count again', () => {
    const presence = new Presence();
    presence.heard(beat('a', 500), 0);
    expect(presence.heard(beat('a', 1, { instance: 'second' }), 100)).toBe('renewed');
    expect(presence.look('a', 100)?.silentMs).toBe(0);
  });

  test('the farewell of a replaced process does not end its successor', () => {
    const presence = new Presence();
    presence.heard(beat('a', 9), 0);
    presence.heard(beat('a', 1, { instance: 'second' }), 100);
    expect(presence.heard(beat('a', 10, { state: 'stopped' }), 200)).toBe('stale');
    expect(presence.isPresent('a', 200)).toBe(true);
    expect(presence.heard(beat('a', 2, { instance: 'second', state: 'stopped' }), 300)).toBe('left');
    expect(presence.present(300)).toEqual([]);
  });
});

test('the table never holds more swarms than its limit, and those in it go on', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { maxLength: 60 }),
      (beats) => {
        const presence = new Presence(4);
        const inside = new Set<string>();
        beats.forEach(([swarm, stopped], index) => {
          const id = `s${swarm}`;
          const heard = presence.heard(beat(id, index + 1, { state: stopped ? 'stopped' : 'ready' }), 0);
          if (stopped) inside.delete(id);
          else if (inside.has(id) || inside.size < 4) inside.add(id);
          else expect(heard).toBe('full');
        });
        expect(presence.present(0)).toEqual([...inside].sort());
      },
    ),
  );
});

test('present swarms are counted by region', () => {
  const presence = new Presence();
  presence.heard(beat('a', 1), 0);
  presence.heard(beat('b', 1), 2_500);
  presence.heard(beat('c', 1, { region: 'eu-west' }), 2_500);
  expect(presence.presentByRegion(3_000)).toEqual(
    new Map([
      ['us-east', 1],
      ['eu-west', 1],
    ]),
  );
});
