import { parse } from '@multiswarm/contracts';
import fc from 'fast-check';
import { z } from 'zod';
import { normalizeRequirements, RouteRequest } from '@multiswarm/contracts';
import { RouteBody } from './route-body';

/** As it would be without the quick check. */
const Strict = z.preprocess((given) => {
  if (typeof given !== 'object' || given === null || !('requirements' in given)) return given;
  return { ...given, requirements: normalizeRequirements(given.requirements) };
}, RouteRequest);

const odd = fc.constantFrom<unknown>(
  null,
  1,
  '',
  'a b',
  'ok',
  [],
  ['ok'],
  ['a b'],
  {},
  { gpu: 1 },
  'swarm',
  'any',
);
const requirements = fc.record(
  { capabilities: odd, region: odd, labels: odd, requires_gpu: fc.boolean(), resources: odd },
  { requiredKeys: [] },
);

test('the quick check judges as the schema does, and says the same about what is wrong', () => {
  const body = fc.record(
    { type: odd, namespace: odd, kind: odd, requirements: fc.oneof(requirements, odd), other: odd },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(body, odd), (given) => {
      expect(parse(RouteBody, given)).toEqual(parse(Strict, given));
    }),
    { numRuns: 2_000 },
  );
});

test('a plain request is taken with its defaults', () => {
  expect(RouteBody.parse({})).toEqual({ type: 'route', namespace: 'default', requirements: {} });
});
