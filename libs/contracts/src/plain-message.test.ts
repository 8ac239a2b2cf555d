import * as fc from 'fast-check';
import { Message, MessageSubmission } from './message';
import { parseMessage, parseOutgoing, plainMessage, plainOutgoing, plainReceived } from './plain-message';

const names = fc.constantFrom(
  'a',
  'b-1',
  'us_east',
  'x'.repeat(128),
  'x'.repeat(129),
  'a.b',
  '',
  '*',
  'a b',
  7,
  null,
);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 1 });

const submission = fc.record(
  {
    from: names,
    to: names,
    kind: fc.constantFrom('event', 'a:b/c.d', 'a b', '', 3),
    data: fc.oneof(fc.jsonValue(), fc.constantFrom(Number.NaN, undefined, new Date(0), [1, undefined])),
    namespace: maybe(names),
    priority: maybe(fc.constantFrom('low', 'critical', 'urgent')),
    qos: maybe(fc.constantFrom('at-least-once', 'exactly-once', 'twice')),
    conversation: maybe(fc.constantFrom('plan-7', 'a b', '', 'ä')),
    extra: maybe(fc.constant(1)),
    ttlMs: maybe(fc.constant(5)),
  },
  { requiredKeys: ['from', 'to', 'kind'], noNullPrototype: true },
);

test('what is read by hand is what the schema makes of it', () => {
  let plain = 0;
  fc.assert(
    fc.property(submission, (given) => {
      const made = plainMessage(given);
      if (made === undefined) return;
      plain += 1;
      expect(made).toEqual(MessageSubmission.parse(given));
    }),
    { numRuns: 3_000 },
  );
  expect(plain).toBeGreaterThan(0);
  const given = {
    from: 'a',
    to: 'b',
    kind: 'event',
    conversation: 'c',
    data: { n: [1] },
    qos: 'at-least-once',
  };
  expect(plainMessage(given)).toEqual(MessageSubmission.parse(given));
});

test('a message of a sender is what the schema makes of the two', () => {
  let plain = 0;
  const sender = { from: 'me', namespace: 'shop', kind: 'event' };
  fc.assert(
    fc.property(submission, fc.constantFrom('event', 'a b', ''), (given, kind) => {
      const made = plainOutgoing(given, { ...sender, kind });
      if (made === undefined) return;
      plain += 1;
      expect(made).toEqual(MessageSubmission.parse({ ...given, ...sender, kind }));
    }),
    { numRuns: 3_000 },
  );
  expect(plain).toBeGreaterThan(0);
  expect(() => parseOutgoing({ to: 'b', ttlMs: -1 }, sender)).toThrow(/ttlMs/);
  expect(parseOutgoing({ to: 'b', ttlMs: 7 }, sender)).toMatchObject({ ...sender, to: 'b', ttlMs: 7 });
});

test('a message that has come and is let through is one', () => {
  const times = fc.constantFrom(
    ...['2026-01-02T03:04:05.678Z', '2028-02-29T03:04:05.678Z', '2026-02-29T03:04:05.678Z', '2026-01-02', ''],
    ...['2026-99-99T03:04:05.678Z', '2026-04-31T03:04:05.678Z', '2026-04-30T24:04:05.678Z', undefined],
  );
  const received = fc.record({
    ...{
      id: fc.constantFrom('m-1', '', 5),
      kind: fc.constantFrom('event', 'a b'),
      namespace: names,
      from: names,
    },
    ...{
      to: fc.constantFrom('*', 'b'),
      sentAt: times,
      expiresAt: times,
      deliverAt: times,
      data: fc.jsonValue(),
    },
    ...{ conversation: maybe(names), correlationId: maybe(names) },
    ...{ replyTo: maybe(names), qos: fc.constant('at-least-once'), priority: fc.constant('low') },
  });
  fc.assert(
    fc.property(received, (given) => {
      const made = plainReceived(JSON.parse(JSON.stringify(given)) as typeof given);
      if (made !== undefined) expect(Message.safeParse(made).success).toBe(true);
    }),
    { numRuns: 3_000 },
  );
  const given = { id: 'm-1', kind: 'event', namespace: 'shop', from: 'a', to: 'b', data: {} };
  const at = (sentAt: string): unknown => plainReceived({ ...given, sentAt });
  expect(at('2028-02-29T03:04:05.678Z')).toMatchObject(given);
  expect(at('2026-12-31T23:59:59.999Z')).toMatchObject(given);
  expect([at('2026-02-29T03:04:05.678Z'), at('2026-99-99T03:04:05.678Z')]).toEqual([undefined, undefined]);
});

test('half of a pair of UTF-16 units is refused where a message is handed in, with its place', () => {
  const broken = { to: 'b', correlationId: 'a\ud800b' };
  const refused = { code: 'invalid-request', findings: [{ pointer: '/correlationId' }] };
  const sender = { from: 'me', namespace: 'shop', kind: 'event' };
  const thrown = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };
  expect(thrown(() => parseOutgoing(broken, sender))).toMatchObject(refused);
  expect(thrown(() => parseMessage({ ...broken, ...sender }))).toMatchObject(refused);
  expect(parseOutgoing({ ...broken, correlationId: 'a\ud83d\ude00b' }, sender)).toMatchObject({ to: 'b' });
});
