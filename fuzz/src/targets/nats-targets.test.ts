import { z } from 'zod';
import { Payload } from '../generate/mutate';
import { Accepted } from '../invariants/accepted';
import { Runs } from '../invariants/runs';
import type { System } from '../stack/system';
import { natsTargets } from './nats-targets';
import type { NatsRequest } from './nats-requests';

const SUBJECT = 'ms.v1.heard';

function request(value: unknown, cutAt = Infinity): NatsRequest {
  const payload = new Payload(value, 'as told', (text) => Buffer.from(text).subarray(0, cutAt));
  return { subject: SUBJECT, headers: {}, payload };
}

test('of what nobody answers to only what fails its schema is sent again in the look for leaks', async () => {
  const sent: unknown[] = [];
  const connection = {
    info: { max_payload: 1_000_000 },
    publish: (subject: string) => void sent.push(subject),
    flush: () => Promise.resolve(),
  };
  // Only what a target needs of it.
  const known = {
    actor: 'a',
    replica: 'r',
    balancer: 'b',
    communicator: 'c',
    tasks: [],
    workflows: [],
    payloads: [],
  };
  const system = { bus: { connection }, known } as unknown as System;
  const heard = { subject: SUBJECT, schema: z.object({ v: z.literal(1) }), answers: false };
  const { targets } = natsTargets(system, [heard], new Accepted(), new Runs(16));
  const [taken, refused, broken] = [request({ v: 1 }), request({ v: 2 }), request({ v: 1 }, 3)];
  for (const each of [taken, refused, broken]) await targets[0]?.send(each);
  expect(targets[0]?.harmless).toEqual([refused, broken]);
  expect(sent).toHaveLength(3);
});
