import { keys, MultiswarmError, type ControlRequest } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { MemoryLeases } from '@multiswarm/testing';
import { heartbeat } from '../../test/support/builders';
import { MemoryCordonStore } from '../../test/support/region';
import { Fleet } from './fleet';
import { FleetControl } from './fleet-control';

const asked = { id: 'a', reason: 'maintenance' };

function bench() {
  const clock = new ManualClock();
  const fleet = new Fleet(clock, createLogger({ service: 'test', level: 'silent' }));
  const sent: [region: string, swarmId: string, control: ControlRequest][] = [];
  let fault: Error | undefined;
  const cordons = new MemoryCordonStore();
  const leases = new MemoryLeases(clock);
  const control = new FleetControl({
    ...{ fleet, cordons, leases, clock, owner: 'here' },
    regions: {
      dispatch: () => Promise.resolve([]),
      control: (...message) => {
        sent.push(message);
        return fault ? Promise.reject(fault) : Promise.resolve();
      },
    },
  });
  return { clock, fleet, sent, control, cordons, leases, fail: (error: Error) => (fault = error) };
}

test.each([
  ['cordon', 'ready', 'cordoned', 0],
  ['drain', 'cordoned', 'draining', 0],
  ['uncordon', 'draining', 'ready', 3],
] as const)(
  'a %s goes to the coordinator; the answer shows a swarm that was %s as %s',
  async (kind, state, shown, freeSlots) => {
    const { fleet, sent, control } = bench();
    fleet.observe(heartbeat({ state, held: [{ taskId: 't0-00000001', attempt: 1 }] }));
    expect(await control.want(kind, asked)).toMatchObject({
      swarmId: 'a',
      state: shown,
      freeSlots,
      busySlots: 1,
    });
    expect(sent).toEqual([['eu-west', 'a', { v: 1, kind, reason: 'maintenance' }]]);
  },
);

test('a swarm that does not answer heartbeats is shown as that, whatever is wanted of it', async () => {
  const { clock, fleet, control } = bench();
  fleet.observe(heartbeat());
  clock.advance(2_500);
  fleet.tick();
  expect(await control.want('cordon', asked)).toMatchObject({ state: 'suspect' });
});

test('a swarm that nobody has heard is not found, and nobody is asked', async () => {
  const { sent, control } = bench();
  await expect(control.want('drain', asked)).rejects.toMatchObject({ code: 'swarm-not-found' });
  expect(sent).toEqual([]);
});

describe('a cordon whose swarm is gone', () => {
  const gone = async () => {
    const all = bench();
    all.fleet.observe(heartbeat());
    const swarm = all.fleet.swarm('a');
    const other = bench();
    await other.cordons.put('eu-west', 1, { swarmId: 'a', kind: 'drain', reason: 'x', at: 1, swarm });
    return other;
  };

  test('is ended by the coordinator of its region; the answer shows the swarm as it was, and down', async () => {
    const { control, sent } = await gone();
    expect(await control.want('uncordon', asked)).toMatchObject({
      ...{ swarmId: 'a', region: 'eu-west', state: 'down', slots: 4, freeSlots: 0, held: [] },
    });
    expect(sent).toEqual([['eu-west', 'a', { v: 1, kind: 'uncordon', reason: 'maintenance' }]]);
    await expect(control.want('cordon', asked)).rejects.toMatchObject({ code: 'swarm-not-found' });
  });

  test('is ended here where nobody coordinates the region, which is free again then', async () => {
    const { control, cordons, leases, fail } = await gone();
    fail(new MultiswarmError('region-unavailable', 'nobody coordinates'));
    expect(await control.want('uncordon', asked)).toMatchObject({ state: 'down' });
    expect(cordons.cordons.get('a')).toMatchObject({ kind: 'uncordon', reason: 'maintenance' });
    expect(leases.owner(keys.regionLease('eu-west'))).toBe('');
  });

  test('waits for the coordinator that has the lease, but does not answer', async () => {
    const { control, cordons, leases, fail } = await gone();
    fail(new MultiswarmError('region-unavailable', 'nobody coordinates'));
    await leases.acquire(keys.regionLease('eu-west'), 'here', 5_000);
    await expect(control.want('uncordon', asked)).rejects.toMatchObject({ code: 'region-unavailable' });
    expect(cordons.cordons.get('a')).toMatchObject({ kind: 'drain' });
  });

  test('is not found where there is none', async () => {
    const { control, sent } = await gone();
    await expect(control.want('uncordon', { ...asked, id: 'b' })).rejects.toMatchObject({
      ...{ code: 'swarm-not-found', message: 'no swarm "b" is connected, and none is cordoned' },
    });
    expect(sent).toEqual([]);
  });
});

test('what the coordinator cannot do is said', async () => {
  const { fleet, control, fail } = bench();
  fleet.observe(heartbeat());
  fail(new MultiswarmError('region-unavailable', 'nobody coordinates'));
  await expect(control.want('drain', asked)).rejects.toMatchObject({
    code: 'region-unavailable',
    retryable: true,
  });
});
