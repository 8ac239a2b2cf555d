import { heartbeat } from '../../../test/support/builders';
import { Homes } from './homes';

const at = (region: string, state: 'ready' | 'stopped' = 'ready') =>
  heartbeat({ swarmId: 'dup', region, state, intervalMs: 100 });

test('an id belongs to the region that used it first, until it stops or has been silent for three intervals', () => {
  const homes = new Homes();
  expect(homes.elsewhere(at('us-east'), 0)).toBeUndefined();
  expect(homes.elsewhere(at('mars'), 100)).toBe('us-east');
  expect(homes.elsewhere(at('mars', 'stopped'), 150)).toBe('us-east');
  expect(homes.elsewhere(at('us-east'), 200)).toBeUndefined();
  homes.tick(499);
  expect(homes.elsewhere(at('mars'), 499)).toBe('us-east');
  homes.tick(500);
  expect(homes.elsewhere(at('mars'), 500)).toBeUndefined();
  expect(homes.elsewhere(at('mars', 'stopped'), 550)).toBeUndefined();
  expect(homes.elsewhere(at('us-east'), 560)).toBeUndefined();
});
