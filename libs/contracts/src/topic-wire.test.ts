import fc from 'fast-check';
import { Topic, TopicPattern, type TopicEvent } from './topic';
import { fromTopicWire, toTopicWire } from './topic-wire';

const word = fc.constantFrom('orders', 'eu', 'a-b', 'x_1', '0');
const events: fc.Arbitrary<TopicEvent> = fc.record({
  id: word,
  namespace: fc.constantFrom('default', 'team-1'),
  topic: fc.array(word, { minLength: 1, maxLength: 16 }).map((words) => words.join('.')),
  from: fc.constantFrom('a', 'us-east-1'),
  data: fc.jsonValue() as fc.Arbitrary<TopicEvent['data']>,
  qos: fc.constantFrom('at-most-once' as const, 'at-least-once' as const),
  at: fc.constant('2030-01-02T03:04:05.678Z'),
});

test('an event is the same after its way over the wire', () => {
  fc.assert(
    fc.property(events, (event) => {
      const { subject, headers, data } = toTopicWire(event, 'hub');
      const body = JSON.stringify(data);
      expect(fromTopicWire(subject, (name) => headers[name] ?? '', body)).toEqual({
        ...event,
        data: JSON.parse(body),
      });
    }),
  );
});

test('what is no event of ours is refused with the reason', () => {
  expect(() => fromTopicWire('ms.v1.topic.at-most-once.hub.default.a', () => '', '{}')).toThrow(/from: /);
  expect(() => fromTopicWire('ms.v1.topic.at-most-once.hub.default.a', () => 'x', 'nonsense')).toThrow(
    /not JSON/,
  );
});

test.each([
  '',
  '.',
  'a.',
  '.a',
  'a..b',
  'a.*',
  '>',
  'a b',
  'ä',
  Array(17).fill('a').join('.'),
  'a'.repeat(201),
])('"%s" is no topic', (text) => expect(Topic.safeParse(text).success).toBe(false));
test.each(['a', 'a.*', '*.b', 'a.>', '>', '*', 'a.*.c.>'])('"%s" is a pattern', (text) =>
  expect(TopicPattern.safeParse(text).success).toBe(true),
);
test.each(['', '>.a', 'a>', 'a.>.b', 'a*', 'a.**'])('"%s" is no pattern', (text) =>
  expect(TopicPattern.safeParse(text).success).toBe(false),
);
