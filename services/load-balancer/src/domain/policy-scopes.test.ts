import { policyFor } from './policy-scopes';

const policiesOf = (namespace: string) =>
  ({
    shop: { policy: 'cost' as const, policies: { render: 'prequal' as const } },
    bank: { policies: { render: 'learned' as const } },
  })[namespace];

test.each([
  [
    'the request itself before its type',
    { routing: { policy: 'weighted' as const }, type: 'render', namespace: 'shop' },
    'weighted',
    'request',
  ],
  ['its type before its namespace', { type: 'render', namespace: 'shop' }, 'prequal', 'type'],
  ['its namespace before the default', { type: 'other', namespace: 'shop' }, 'cost', 'namespace'],
  [
    'the default where a namespace speaks of other types',
    { type: 'other', namespace: 'bank' },
    'hybrid',
    'default',
  ],
  ['the default where nobody says anything', { type: 'render', namespace: 'other' }, 'hybrid', 'default'],
  ['no type that every object has', { type: 'constructor', namespace: 'bank' }, 'hybrid', 'default'],
])('%s', (_what, item, name, scope) => {
  expect(policyFor(item, policiesOf, 'hybrid')).toEqual({ name, scope });
});
