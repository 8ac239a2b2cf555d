import type { Requirements } from '@multiswarm/contracts';
import { requirementsText } from './requirements';

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
