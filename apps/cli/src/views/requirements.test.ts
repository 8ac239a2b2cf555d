import { Routing, type Requirements } from '@multiswarm/contracts';
import { requirementsText, wishesText } from './requirements';

test.each<[Requirements, string]>([
  [{}, 'nothing special'],
  [
    { capabilities: ['llm'], region: ['eu-*', 'us-east'], labels: { tier: 'gold' } },
    'capability llm, region eu-* or us-east, label tier=gold',
  ],
  [
    { labels: { tier: { in: ['gold', 'silver'] } }, attributes: { spot: { '!=': true }, memory: 40 } },
    'label tier in gold, silver, spot != true, memory ≥ 40',
  ],
  [
    { resources: { cpu: 0.5, gpu: { a100: 2, any: 1 }, custom: { licences: 1 } }, maxCostPerSlotHour: 0.255 },
    'cpu ≥ 0.5, gpu.a100 ≥ 2, gpu.any ≥ 1, custom.licences ≥ 1, at most $0.255/slot/h',
  ],
])('%j is %s', (needs, text) => expect(requirementsText(needs)).toBe(text));

test('wishes are told in words', () => {
  const routing = Routing.parse({
    ...{ near: 'eu', localityWaitMs: 2_000, policy: 'cost', affinity: 'k' },
    prefer: [{ weight: 80, labels: { tier: 'gold' }, region: ['eu-*'] }, { capabilities: ['cuda'] }],
    ...{ apart: { from: 'zone', must: true }, spread: {} },
  });
  expect(wishesText(routing)).toBe(
    'near eu (waits 2.0 s for it), rather region eu-* and label tier=gold (weight 80), rather capability cuda, ' +
      'apart from others of its group by zone (or it waits), spread over regions, 1 apart at most, with others of the key k, policy cost',
  );
  expect(wishesText(undefined)).toBeUndefined();
});
