import fc from 'fast-check';
import type { Known } from '../stack/system';
import { LATEST_EPOCH } from './epochs';

type Of<T> = fc.Arbitrary<T>;

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** Dispatches as an owner or a coordinator of the latest epoch sends them: a swarm that has room takes all of them. */
export function dispatches(known: Known, shards: number): Of<unknown> {
  return fc.nat(shards - 1).chain((shard) =>
    fc.record(
      {
        v: fc.constant(1),
        shard: fc.constant(shard),
        epoch: fc.constant(LATEST_EPOCH),
        regionEpoch: fc.constant(LATEST_EPOCH),
        reportTo: fc.constantFrom(`ms.v1.shard.${shard}.report`, `ms.v1.replica.${known.replica}.report`),
        attempts: fc.array(attempts(known, shard), { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ['v', 'shard', 'epoch', 'attempts'], noNullPrototype: true },
    ),
  );
}

function attempts({ actor, namespace, payloads }: Known, shard: number): Of<unknown> {
  const ref = fc.constantFrom(...payloads).map((id) => ({ id, bytes: '{"a":1}'.length }));
  const millis = fc.constantFrom(1, 50, 5_000);
  const spec = {
    taskId: taskIds(shard),
    attempt: fc.integer({ min: 1, max: 5 }),
    shard: fc.constant(shard),
    swarmId: fc.constant(actor),
    type: fc.constantFrom('echo', 'anything'),
    namespace: fc.constant(namespace),
    priority: fc.constantFrom('critical', 'high', 'normal', 'low'),
    input: fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant({ upstream: { before: null } })),
    resources: fc.constant({}),
    traceparent: fc.constantFrom('', TRACEPARENT),
  };
  const more = {
    ...{ inputRef: ref, startToCloseMs: millis, heartbeatMs: millis },
    signals: fc.array(signal, { maxLength: 2 }),
    workflowId: fc.constant(`w${shard}-00000000`),
    step: fc.constantFrom('a', 'b'),
  };
  return fc
    .tuple(
      fc.record(spec, { noNullPrototype: true }),
      fc.record(more, { requiredKeys: [], noNullPrototype: true }),
    )
    .map(([needed, rest]) => ({ ...needed, ...rest }));
}

const signal = fc.record(
  { name: fc.constantFrom('go', 'stay'), payload: fc.jsonValue({ maxDepth: 1 }), at: fc.nat() },
  { noNullPrototype: true },
);

/** Some of them come again, so that there are later attempts of the same task. */
function taskIds(shard: number): Of<string> {
  const few = fc.constantFrom('00000001', '00000002', '00000003');
  const many = fc.stringMatching(/^[0-9a-f]{8,24}$/);
  return fc.oneof(few, many).map((rest) => `t${shard}-${rest}`);
}
