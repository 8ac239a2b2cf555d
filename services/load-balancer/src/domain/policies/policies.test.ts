import { at, fleetOf, item, place } from '../../../test/support/builders';
import { POLICIES, policyByName } from './index';

test('a policy is found by its name, and an unknown name means the default', () => {
  expect(policyByName('round-robin').name).toBe('round-robin');
  expect(policyByName('no-such-policy')).toBe(POLICIES[0]);
});

test('no two policies have the same name', () => {
  expect(new Set(POLICIES.map(({ name }) => name)).size).toBe(POLICIES.length);
});

test.each(POLICIES.map((policy) => [policy.name, policy] as const))(
  '%s takes whoever is the only one with room, and says so',
  (_name, policy) => {
    const full = [{ taskId: 'held', attempt: 1 }];
    const fleet = fleetOf({ swarmId: 'a', slots: 1, held: full }, { swarmId: 'b', slots: 1 });
    const [first, second] = place(fleet, [item('t1'), item('t2')], at(1), policy);
    expect(first?.placement).toMatchObject({
      swarmId: 'b',
      receipt: { policy: policy.name, because: 'the only one of 2 with a free slot' },
    });
    expect(second?.waiting?.reason).toBe('no-slot');
  },
);

test('round-robin takes turns, however busy and dear', () => {
  const fleet = fleetOf({ swarmId: 'a', costPerHour: 9 }, { swarmId: 'b', slots: 8 }, { swarmId: 'c' });
  const items = ['1', '2', '3', '4', '5'].map((key) => item(key));
  const results = place(fleet, items, at(1), policyByName('round-robin'));
  expect(results.map(({ placement }) => placement?.swarmId)).toEqual(['b', 'c', 'a', 'b', 'c']);
});
