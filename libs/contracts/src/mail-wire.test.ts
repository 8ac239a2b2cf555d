import fc from 'fast-check';
import { addressOf, fromWire, toWire } from './mail-wire';
import type { Message } from './message';

const FIRST_LINE = 'NATS/1.0\r\n';
const token = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/);
const visible = fc.stringMatching(/^[\x21-\x7e]{1,40}$/);
const instant = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const messages: fc.Arbitrary<Message> = fc
  .record(
    {
      id: fc.stringMatching(/^m-[0-9a-z]{8,40}$/),
      kind: fc.stringMatching(/^[a-z][a-z0-9._-]{0,30}$/),
      sentAt: instant,
      ...{ from: token, to: fc.oneof(token, fc.constant('*')), namespace: token },
      priority: fc.constantFrom('critical' as const, 'high' as const, 'normal' as const, 'low' as const),
      qos: fc.constantFrom('at-most-once' as const, 'at-least-once' as const, 'exactly-once' as const),
      data: fc.jsonValue() as fc.Arbitrary<Message['data']>,
      correlationId: fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' }),
      ...{ conversation: visible, expiresAt: instant, deliverAt: instant, replyTo: token },
      redriven: fc.record({
        times: fc.integer({ min: 1, max: 9 }),
        of: visible,
        at: instant,
        by: fc.string(),
      }),
      traceparent: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    },
    { requiredKeys: ['id', 'kind', 'sentAt', 'from', 'to', 'namespace', 'priority', 'qos', 'data'] },
  )
  .map((message) => ({ ...message, data: JSON.parse(JSON.stringify(message.data)) as Message['data'] }));

test('what is sent is what comes', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const { subject, lines, body } = toWire(message, 'hub');
      const address = addressOf(subject);
      expect(address).toBeDefined();
      expect(address && fromWire(address, FIRST_LINE + lines, body)).toEqual(message);
      expect(Buffer.byteLength(lines)).toBe(lines.length);
    }),
  );
});

test('the order of headers says nothing, nor do headers of others', () => {
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.nat()), (message, random) => {
      const { subject, lines, body } = toWire(message, 'hub');
      const others = ['x-other: 1', 'Nats-Msg-Id: a: b', 'nameless', ':none', 'ce-idx: 7'];
      const all = [...lines.split('\r\n').filter((line) => line !== ''), ...others]
        .map((line) => ({ line, at: random.next().value }))
        .sort((a, b) => a.at - b.at)
        .map(({ line }) => `${line}\r\n`)
        .join('');
      const address = addressOf(subject);
      expect(address && fromWire(address, `${FIRST_LINE}${all}\r\n`, body)).toEqual(message);
    }),
  );
});

test.each(['a\r\nce-id: forged', 'a\nb', 'ü'])(
  'an attribute that cannot stand in a line is refused: %j',
  (text) => {
    const message = fc.sample(messages, 1)[0] as Message;
    expect(() => toWire({ ...message, conversation: text }, 'hub')).toThrow(/visible ASCII characters only/);
  },
);

test.each([
  ['', '{}', /kind.*sentAt/],
  [
    `${FIRST_LINE}ce-id: m-12345678\r\nce-type: something.else\r\nce-time: 2026-01-02T03:04:05.678Z\r\n`,
    '{}',
    /kind/,
  ],
  [`${FIRST_LINE}ce-id: m-12345678\r\nce-type: multiswarm.message.a\r\nce-time: now\r\n`, '{}', /sentAt/],
  [FIRST_LINE, '{', /not JSON/],
])('what is none of ours is refused', (headers, body, why) => {
  const address = addressOf('ms.v1.mail.at-least-once.hub.3.normal.default.b.a');
  expect(() => address && fromWire(address, headers, body)).toThrow(why);
});
