import { POLICIES, policyByName } from './index';

test('a policy is found by its name, and an unknown name means the default', () => {
  expect(policyByName('least-loaded')).toBe(POLICIES[0]);
  expect(policyByName('no-such-policy').name).toBe('least-loaded');
});

test('no two policies have the same name', () => {
  expect(new Set(POLICIES.map(({ name }) => name)).size).toBe(POLICIES.length);
});
