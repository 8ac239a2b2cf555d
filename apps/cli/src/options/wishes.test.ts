import { Command } from 'commander';
import { Routing } from '@multiswarm/contracts';
import { declareWishes, wishesOf, type WishOptions } from './wishes';

function wishes(...argv: string[]): Record<string, unknown> | undefined {
  const command = declareWishes(new Command()).exitOverride();
  return wishesOf(command.parse(argv, { from: 'user' }).opts<WishOptions>());
}

test('every wish can be said, as the API takes it', () => {
  const said = wishes(
    ...['--near', 'eu-west', '--locality-wait', '3s', '--affinity', 'k', '--group', 'g'],
    ...[
      '--prefer',
      '80 region eu-*, us-*',
      '--prefer',
      'label tier in gold,silver',
      '--prefer',
      'capability cuda',
    ],
    ...['--prefer', '20 attribute gpu_memory>=40', '--apart', 'zone,must', '--spread', 'region,skew=2,must'],
  );
  expect(said).toEqual({
    ...{ near: 'eu-west', localityWaitMs: 3_000, affinity: 'k', group: 'g' },
    prefer: [
      { weight: 80, region: ['eu-*', 'us-*'] },
      { labels: { tier: { in: ['gold', 'silver'] } } },
      { capabilities: ['cuda'] },
      { weight: 20, attributes: { gpu_memory: { '>=': 40 } } },
    ],
    apart: { from: 'zone', must: true },
    spread: { over: 'region', maxSkew: 2, must: true },
  });
  expect(Routing.safeParse(said).error?.issues).toBeUndefined();
  expect(wishes('--spread', 'zone')).toEqual({ spread: { over: 'zone' } });
  expect(wishes()).toBeUndefined();
});

test.each<[string[], RegExp]>([
  [['--prefer', 'gold'], /--prefer "gold" is not understood/],
  [['--prefer', '200 label a=b'], /--prefer: the weight must be a whole number from 1 to 100/],
  [['--prefer', 'label tier>5'], /--prefer "tier>5": the values of labels/],
  [['--apart', 'planet'], /"planet" is none of swarm, zone, region/],
  [['--apart', 'zone,skew=2'], /"skew=2" is not understood/],
  [['--spread', 'swarm'], /"swarm" is none of zone, region/],
  [['--spread', 'zone,skew=0'], /--spread: skew must be a whole number/],
  [['--spread', 'zone,must=no'], /"must=no" is not understood/],
])('%j is refused', (argv, message) => {
  expect(() => wishes(...argv)).toThrow(message);
});
