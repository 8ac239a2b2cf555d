import fc from 'fast-check';
import type { Preference } from '@multiswarm/contracts';
import { heartbeat } from '../../../test/support/builders';
import { preferenceScore, SCORE_STEPS } from './preference-score';

const profile = heartbeat({
  swarmId: 's',
  region: 'eu-west',
  capabilities: ['llm'],
  labels: { tier: 'gold' },
  attributes: { vram: 40 },
});
const met: Preference = { weight: 1, region: ['eu-*'], labels: { tier: { in: ['gold'] } } };
const unmet: Preference = { weight: 1, region: ['eu-*'], capabilities: ['gpu'] };

test('a preference counts where all of it is met', () => {
  expect(preferenceScore([met])(profile)).toBe(SCORE_STEPS);
  expect(preferenceScore([unmet])(profile)).toBe(0);
  expect(preferenceScore([{ weight: 1, attributes: { vram: { '<': 20 } } }])(profile)).toBe(0);
});

test('half of the weights is half of the score', () => {
  const third = { ...met, weight: 3 };
  expect(preferenceScore([third, { ...unmet, weight: 3 }])(profile)).toBe(SCORE_STEPS / 2);
  expect(preferenceScore([third, { ...unmet, weight: 1 }])(profile)).toBe((SCORE_STEPS * 3) / 4);
});

test('the score grows with what is met, and none, some and all are told apart', () => {
  const weight = fc.integer({ min: 1, max: 100 });
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 1, maxLength: 8 }),
      fc.array(weight, { maxLength: 8 }),
      (some, others) => {
        const score = (list: number[], more: number[]): number =>
          preferenceScore([
            ...list.map((each) => ({ ...met, weight: each })),
            ...more.map((each) => ({ ...unmet, weight: each })),
          ])(profile);
        const whole = score(some, others);
        expect(whole).toBeGreaterThanOrEqual(1);
        expect(whole === SCORE_STEPS).toBe(others.length === 0);
        expect(whole).toBeLessThanOrEqual(score([...some, 1], others));
        expect(Number.isInteger(whole)).toBe(true);
      },
    ),
  );
});
