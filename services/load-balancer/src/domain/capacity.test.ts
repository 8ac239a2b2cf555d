import type { Capacity, Requirements } from '@multiswarm/contracts';
import { at, fleetOf, type SwarmGiven } from '../../test/support/builders';
import { capacityFor } from './capacity';

const busy = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ taskId: `held${index}`, attempt: 1 }));

function capacity(requirements: Requirements, swarms: SwarmGiven[], ms = 1): Capacity {
  return capacityFor([...fleetOf(...swarms).swarms()], { type: 'build', requirements }, at(ms));
}

test('counts the swarms that could run it and their slots, the least loaded first', () => {
  const told = capacity({ capabilities: ['gpu'] }, [
    { swarmId: 'full', capabilities: ['gpu'], slots: 2, held: busy(2) },
    { swarmId: 'half', capabilities: ['gpu'], slots: 4, held: busy(2) },
    { swarmId: 'other', slots: 8 },
  ]);
  expect(told).toMatchObject({ known: 3, feasible: 2, slots: 6, busySlots: 4, withRoom: 1 });
  expect(told.swarms).toEqual([
    { swarmId: 'half', region: 'eu-west', state: 'ready', slots: 4, busySlots: 2 },
    { swarmId: 'full', region: 'eu-west', state: 'ready', slots: 2, busySlots: 2 },
  ]);
  expect([told.nearest, told.regions]).toEqual([[], []]);
});

test('names those that come nearest where nobody could, with all that they lack', () => {
  const told = capacity({ capabilities: ['gpu', 'llm'], labels: { tier: 'gold' } }, [
    { swarmId: 'far' },
    { swarmId: 'near', capabilities: ['llm'], labels: { tier: 'gold' } },
    { swarmId: 'idle', capabilities: ['gpu', 'llm'], labels: { tier: 'gold' }, state: 'cordoned' },
  ]);
  expect(told.feasible).toBe(0);
  expect(told.nearest.map(({ swarmId, state, lacks }) => ({ swarmId, state, lacks }))).toEqual([
    { swarmId: 'idle', state: 'cordoned', lacks: [] },
    { swarmId: 'near', state: 'ready', lacks: ['capability "gpu"'] },
    { swarmId: 'far', state: 'ready', lacks: ['capability "gpu"', 'capability "llm"', 'label tier=gold'] },
  ]);
});

test('says of the regions that are asked for how many swarms live there, and when one was last heard', () => {
  const swarms = [{ swarmId: 'a' }, { swarmId: 'b' }, { swarmId: 'c', region: 'us-east' }];
  const told = capacity({ region: ['eu-*'] }, swarms, 60_000);
  expect(told).toMatchObject({ known: 3, feasible: 0 });
  expect(told.regions).toEqual([
    { region: 'eu-west', swarms: 2, live: 0, lastSeen: new Date(at(0).wallMs).toISOString() },
  ]);
  expect(told.nearest[0]).toMatchObject({ swarmId: 'a', state: 'down', lacks: [] });
});

test('has room only where the resources fit too', () => {
  const swarms = [{ swarmId: 'a', resources: { cpu: 4 }, resourcesUsed: { cpu: 3 } }];
  expect(capacity({ resources: { cpu: 2 } }, swarms)).toMatchObject({ feasible: 1, withRoom: 0 });
  expect(capacity({ resources: { cpu: 1 } }, swarms)).toMatchObject({ feasible: 1, withRoom: 1 });
});
