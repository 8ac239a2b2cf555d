import fc from 'fast-check';
import { fromWire, MAIL_CAUSES, toWire, type DeadMail, type Redriven } from '@multiswarm/contracts';
import { fits, redrivenMessage, whyNotRedrivable } from './dead-mail';

const mail: DeadMail = {
  ...{
    seq: 7,
    storedSeq: 70,
    id: 'm-0123456789abcdef',
    namespace: 'default',
    from: 'a',
    to: 'b',
    kind: 'work',
  },
  ...{ priority: 'high', qos: 'at-least-once', conversation: 'c-1', cause: 'handler-failed' },
  ...{ sentAt: '2026-01-02T03:04:05.678Z', diedAt: '2026-01-02T04:00:00.000Z', message: 'no' },
  ...{ attempts: 5, redrives: 0, bytes: 9 },
};
const redriving = { at: '2026-01-03T00:00:00.000Z', by: 'ops', reason: 'grüße "x"\nok' };

test('what is sent again is the same message each time, another one than before, and says of itself what has happened', () => {
  const domain = 'hub';
  const found = { mail, body: '{"n":1}', domain, correlationId: 'c' };
  const first = redrivenMessage(found, redriving);
  expect(first).toEqual(redrivenMessage(found, redriving));
  expect(first.id).not.toBe(mail.id);
  expect(first).toMatchObject({ priority: 'high', conversation: 'c-1', correlationId: 'c', data: { n: 1 } });
  const { redriven } = first;
  expect(redriven).toEqual({ ...redriving, times: 1, of: mail.id, first: mail.id });
  const { lines, body } = toWire(first, 'hub');
  expect(lines).toContain('ms-redrives: 1\r\n');
  expect(fromWire(first, `NATS/1.0\r\n${lines}`, body)).toEqual(first);
  const dead = { ...mail, id: first.id, redrives: 1, ...(redriven ? { redriven } : {}) };
  const again = redrivenMessage({ mail: dead, body: '{}', domain }, redriving);
  expect(again.redriven).toMatchObject({ times: 2, of: first.id, first: mail.id });
  expect(again.id).not.toBe(first.id);
});

test('from where on it may have had its effect is said of what nobody has looked up in its state at the last try, and is kept', () => {
  const unsure = { domain: 'eu', seq: 70 };
  const redrive = (given: Partial<DeadMail>, domain = 'eu'): Redriven | undefined =>
    redrivenMessage({ mail: { ...mail, ...given }, domain, body: '{}' }, redriving).redriven;
  for (const cause of MAIL_CAUSES) {
    const isUnsure = !['handler-failed', 'poison'].includes(cause);
    expect(redrive({ cause })?.unsure).toEqual(isUnsure ? unsure : undefined);
  }
  const first = redrive({ cause: 'recipient-lost' });
  expect(redrive({ cause: 'poison', redriven: first, storedSeq: 90 }, 'us')?.unsure).toEqual(unsure);
  expect(redrive({ cause: 'expired', redriven: first, storedSeq: 90 }, 'us')?.unsure).toEqual(unsure);
});

test.each([
  [{ mail, domain: 'hub', body: '{' }, /not JSON/],
  [{ mail: { ...mail, id: '' }, domain: 'hub', body: '{}' }, /does not say what it is/],
])('what nobody could read is not sent again', (found, why) => {
  expect(whyNotRedrivable(found)).toMatch(why);
});

test('each condition of a filter leaves out what does not meet it, and nothing else', () => {
  const dead = fc.record({
    ...{ to: fc.constantFrom('b', 'c'), from: fc.constantFrom('a', 'd'), kind: fc.constantFrom('work', 'x') },
    ...{ namespace: fc.constantFrom('default', 'shop'), cause: fc.constantFrom(...MAIL_CAUSES) },
  });
  const wanted = fc.record(
    {
      ...{ to: fc.constant('b'), from: fc.constant('a'), kind: fc.constant('work') },
      ...{ namespace: fc.constant('shop'), cause: fc.constantFrom(...MAIL_CAUSES) },
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(dead, wanted, (given, filter) => {
      const all = Object.entries(filter).every(([name, value]) => Reflect.get(given, name) === value);
      expect(fits({ ...mail, ...given }, filter)).toBe(all);
    }),
  );
  expect(fits(mail, { diedAfter: mail.diedAt })).toBe(true);
  expect(fits(mail, { diedBefore: mail.diedAt })).toBe(false);
  expect(fits(mail, { diedAfter: '2026-01-02T04:00:00.001Z' })).toBe(false);
});
