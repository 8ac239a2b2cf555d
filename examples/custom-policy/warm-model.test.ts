import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execFileSync } from 'node:child_process';
import type { RoutingBatch, RoutingCandidate } from '@multiswarm/contracts';

const FILE = join(__dirname, 'warm-model.mjs');

/** As the load-balancer asks it: a module of its own, and nothing but data goes in and comes out. */
function rank(batch: RoutingBatch): string[][] {
  const code = `import(${JSON.stringify(pathToFileURL(FILE).href)}).then(({ rank }) =>
    console.log(JSON.stringify(rank(${JSON.stringify(batch)}))))`;
  return JSON.parse(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })) as string[][];
}

test('a swarm that has the model comes first, the cheapest of them, and then the cheapest of all', () => {
  const swarm = (swarmId: string, costPerSlotHour: number, models: string[]) =>
    ({ swarmId, costPerSlotHour, attributes: { models } }) as unknown as RoutingCandidate;
  const candidates = [
    [swarm('a', 1, ['small']), swarm('b', 3, ['large']), swarm('c', 2, ['large', 'small'])],
  ];
  const item = { key: 't', attempt: 1, namespace: 'default', type: 'answer', class: 0, avoid: [] };
  const large = { attributes: { models: 'large' }, weight: 1 };
  const items = [
    { ...item, requirements: {}, routing: { prefer: [large] } },
    { ...item, requirements: { attributes: { models: 'small' } } },
    { ...item, requirements: {} },
  ];
  expect(rank({ now: 0, items, candidates })).toEqual([
    ['c', 'b', 'a'],
    ['a', 'c', 'b'],
    ['a', 'c', 'b'],
  ]);
});
