import { Heartbeat, type MultiswarmError } from '@multiswarm/contracts';
import { assertNoSwarm, assertSenderPresent, assertSubjectOf, recipientsOf } from './addressing';
import { Presence } from './presence';

function presenceOf(...ids: string[]): Presence {
  const presence = new Presence();
  for (const swarmId of ids) {
    const profile = { swarmId, region: 'us-east', slots: 1, types: ['*'], costPerHour: 0 };
    const empty = {
      capabilities: [],
      labels: {},
      attributes: {},
      resources: {},
      resourcesUsed: {},
      held: [],
    };
    const now = { v: 1, instance: 'i', seq: 1, sentAt: 0, intervalMs: 1_000, state: 'ready' };
    presence.heard(Heartbeat.parse({ ...profile, ...empty, ...now }), 0);
  }
  return presence;
}

function refusal(run: () => unknown): MultiswarmError {
  try {
    run();
  } catch (error) {
    // Everything that the domain throws is one of ours; anything else fails the expectations on its code.
    return error as MultiswarmError;
  }
  throw new Error('nothing was refused');
}

test('a direct message goes to its recipient', () => {
  expect(recipientsOf('a', 'b', presenceOf('a', 'b', 'c'), 0)).toEqual(['b']);
});

test('a swarm may write to itself', () => {
  expect(recipientsOf('a', 'a', presenceOf('a'), 0)).toEqual(['a']);
});

test('a broadcast goes to everyone but its sender', () => {
  expect(recipientsOf('b', '*', presenceOf('c', 'b', 'a'), 0)).toEqual(['a', 'c']);
});

test('a broadcast that nobody else can hear has no recipient', () => {
  expect(recipientsOf('a', '*', presenceOf('a'), 0)).toEqual([]);
});

test('an unknown recipient is refused with the ids that may have been meant', () => {
  const error = refusal(() => recipientsOf('a', 'us-eats-1', presenceOf('us-east-1', 'elsewhere'), 0));
  expect(error.code).toBe('recipient-unknown');
  expect(error.message).toBe('"us-eats-1" is not a connected swarm; connected are "us-east-1"');
});

test('a recipient that went silent is refused, and the refusal says for how long it has been silent', () => {
  const error = refusal(() => recipientsOf('a', 'b', presenceOf('b'), 4_200));
  expect(error.code).toBe('recipient-unknown');
  expect(error.message).toContain('"b" is down: no heartbeat for 4200 ms');
});

test('the token of broadcasts cannot be addressed as if it were a swarm', () => {
  const error = refusal(() => recipientsOf('a', 'all', presenceOf('all', 'b'), 0));
  expect(error.code).toBe('invalid-request');
  expect(error.findings).toEqual([expect.objectContaining({ pointer: '/to', code: 'reserved-id' })]);
});

test('a sender must be connected', () => {
  const presence = presenceOf('a');
  expect(() => assertSenderPresent('a', presence, 0)).not.toThrow();
  const error = refusal(() => assertSenderPresent('forged', presence, 0));
  expect(error.code).toBe('swarm-not-found');
  expect(error.message).toBe('the sender "forged" is not a connected swarm');
});

test('a message is from whom its subject says; over HTTP it is from nobody who is connected', () => {
  const message = { namespace: 'default', from: 'a' };
  expect(() => assertSubjectOf(message, 'ms.v1.message.send.default.a')).not.toThrow();
  for (const subject of ['ms.v1.message.send.default.b', 'ms.v1.message.send.other.a'])
    expect(refusal(() => assertSubjectOf(message, subject)).code).toBe('forged-sender');
  expect(() => assertNoSwarm('operator', presenceOf('a'), 0)).not.toThrow();
  expect(refusal(() => assertNoSwarm('a', presenceOf('a'), 0)).code).toBe('forged-sender');
  expect(() => assertNoSwarm('a', presenceOf('a'), 60_000)).not.toThrow();
});
