import { Heartbeat, parse } from '@multiswarm/contracts';
import { heartbeat } from '../../test/support/builders';
import { quickHeartbeats } from './quick-heartbeats';

const first = heartbeat({
  swarmId: 's',
  labels: { tier: 'gold' },
  attributes: { models: ['a', 'b'] },
  held: [{ taskId: 't1', attempt: 1 }],
});

test.each([
  ['a later one', { seq: 2, held: [] }],
  [
    'more work',
    {
      seq: 2,
      held: [
        { taskId: 't1', attempt: 1 },
        { taskId: 't2', attempt: 3 },
      ],
    },
  ],
  ['a group', { held: [{ taskId: 't1', attempt: 1, group: 'shop/g' }] }],
  ['a new field', { newer: true }],
  ['a kind, which is none of its business', { kind: 'external' }],
  ['another profile', { slots: 9 }],
  ['another instance', { instance: 'i2' }],
  ['a negative number', { seq: -1 }],
  ['work without an attempt', { held: [{ taskId: 't1' }] }],
  ['no work', { held: undefined }],
  ['a label that is no text', { labels: { tier: 1 } }],
  ['resources', { resourcesUsed: { cpu: 1 } }],
  ['negative resources', { resourcesUsed: { cpu: -1 } }],
  ['another version', { v: 2 }],
  ['no swarm', { swarmId: undefined }],
])('after the first heartbeat of a swarm, %s is judged as the schema does', (_what, change) => {
  const schema = quickHeartbeats();
  expect(parse(schema, structuredClone(first))).toEqual({ ok: true, value: first });
  const next = JSON.parse(JSON.stringify({ ...first, ...change })) as unknown;
  expect(parse(schema, next)).toEqual(parse(Heartbeat, next));
});
