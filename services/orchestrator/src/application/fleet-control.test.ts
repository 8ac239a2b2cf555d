import { MultiswarmError, type ControlRequest } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { heartbeat } from '../../test/support/builders';
import { Fleet } from './fleet';
import { FleetControl } from './fleet-control';

const asked = { id: 'a', reason: 'maintenance' };

function bench() {
  const clock = new ManualClock();
  const fleet = new Fleet(clock);
  const sent: [region: string, swarmId: string, control: ControlRequest][] = [];
  let fault: Error | undefined;
  const control = new FleetControl(fleet, {
    dispatch: () => Promise.resolve([]),
    control: (...message) => {
      sent.push(message);
      return fault ? Promise.reject(fault) : Promise.resolve();
    },
  });
  return { clock, fleet, sent, control, fail: (error: Error) => (fault = error) };
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

test('what the coordinator cannot do is said', async () => {
  const { fleet, control, fail } = bench();
  fleet.observe(heartbeat());
  fail(new MultiswarmError('region-unavailable', 'nobody coordinates'));
  await expect(control.want('drain', asked)).rejects.toMatchObject({
    code: 'region-unavailable',
    retryable: true,
  });
});
