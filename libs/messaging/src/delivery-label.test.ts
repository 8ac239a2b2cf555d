import fc from 'fast-check';
import type { MailAddress } from '@multiswarm/contracts';
import { deliveryLabel, readLabel } from './delivery-label';

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const token = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,10}$/);
const address: fc.Arbitrary<MailAddress> = fc.record({
  qos: fc.constantFrom('at-least-once', 'exactly-once'),
  priority: fc.constantFrom('critical', 'high', 'normal', 'low'),
  ...{ namespace: token, to: token, from: token },
});
const ticket = fc.record({
  seq: number,
  attempt: number,
  epoch: number,
  generation: number,
  storedAtMs: number,
});

test('what a label says is read again', () => {
  fc.assert(
    fc.property(ticket, address, (given, of) => {
      expect(readLabel(deliveryLabel(given, of))).toEqual({ ticket: given, address: of });
    }),
  );
});

test('a version that says less of a message, or more, is understood', () => {
  fc.assert(
    fc.property(ticket, address, fc.array(number, { maxLength: 5 }), (given, of, more) => {
      const numbers = [given.seq, given.attempt, given.epoch, given.generation];
      const name = [of.qos, of.priority, of.namespace, of.to, of.from];
      const less = readLabel([...numbers, ...name].join('.'));
      expect(less).toEqual({ ticket: { ...given, storedAtMs: 0 }, address: of });
      const later = readLabel([...numbers, given.storedAtMs, ...more, ...name].join('.'));
      expect(later).toEqual({ ticket: given, address: of });
    }),
  );
});

test.each([
  '',
  '1.2.3',
  '1.2.3.4.x.at-least-once.low.a.b.c',
  '1.2.3.at-least-once.low.a.b.c',
  '1.2..4.5.at-least-once.low.a.b.c',
  '1.2.3.4.5.later.low.a.b.c',
  '1.2.3.4.5.at-least-once.low.a.b.c.d',
])('what is none is told: %j', (text) => expect(readLabel(text)).toBeUndefined());
