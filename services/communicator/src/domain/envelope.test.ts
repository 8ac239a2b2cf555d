import { Message, MessageSubmission, subjects } from '@multiswarm/contracts';
import fc from 'fast-check';
import { MAILBOX_SHARDS, mailboxShardOf, toEnvelope } from './envelope';

const accepted = {
  id: 'm-0198c2aa00112233',
  acceptedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

test('a message travels as its JSON with the CloudEvents attributes in headers', () => {
  const submission = MessageSubmission.parse({
    from: 'a',
    to: 'b',
    kind: 'status-update',
    data: { load: 0.5 },
    priority: 'high',
    correlationId: 'c-1',
    ttlMs: 1_500,
  });
  const { subject, headers, body } = toEnvelope(submission, accepted);
  expect(Message.parse(body)).toEqual({
    id: accepted.id,
    from: 'a',
    to: 'b',
    kind: 'status-update',
    data: { load: 0.5 },
    namespace: 'default',
    priority: 'high',
    qos: 'at-most-once',
    correlationId: 'c-1',
    sentAt: '2026-01-02T03:04:05.678Z',
    expiresAt: '2026-01-02T03:04:07.178Z',
    traceparent: accepted.traceparent,
  });
  expect(headers).toEqual({
    'ce-specversion': '1.0',
    'ce-id': accepted.id,
    'ce-source': '/swarms/a',
    'ce-type': 'multiswarm.message.status-update',
    'ce-time': '2026-01-02T03:04:05.678Z',
    'ce-expirytime': '2026-01-02T03:04:07.178Z',
    'ce-datacontenttype': 'application/json',
  });
  expect(subject).toBe(subjects.mail('at-most-once', mailboxShardOf('b'), 'high', 'default', 'b', 'a'));
});

test('a message without an expiry has no expiry, neither in its body nor in its headers', () => {
  const { headers, body } = toEnvelope(
    MessageSubmission.parse({ from: 'a', to: 'b', kind: 'event' }),
    accepted,
  );
  expect(body).not.toHaveProperty('expiresAt');
  expect(headers).not.toHaveProperty('ce-expirytime');
});

test('a broadcast keeps "*" as its recipient and travels under the token "all"', () => {
  const { subject, body } = toEnvelope(
    MessageSubmission.parse({ from: 'a', to: '*', kind: 'event' }),
    accepted,
  );
  expect(body.to).toBe('*');
  expect(subject).toBe(subjects.mail('at-most-once', mailboxShardOf('all'), 'normal', 'default', 'all', 'a'));
});

test('the shard of a mailbox never changes: recorded values hold', () => {
  expect(['all', 'us-east-1', 'eu-west-writers'].map(mailboxShardOf)).toEqual([3, 4, 9]);
});

test('every recipient has a shard, and a thousand of them use every shard', () => {
  fc.assert(
    fc.property(fc.string(), (recipient) => {
      const shard = mailboxShardOf(recipient);
      expect(Number.isInteger(shard) && shard >= 0 && shard < MAILBOX_SHARDS).toBe(true);
    }),
  );
  const used = new Set(Array.from({ length: 1_000 }, (_, index) => mailboxShardOf(`swarm-${index}`)));
  expect(used.size).toBe(MAILBOX_SHARDS);
});
