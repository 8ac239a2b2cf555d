import fc from 'fast-check';
import { idAtRecipient, mailIdentity } from './mail-identity';

const token = fc.stringMatching(/^[a-c][a-c_-]{0,2}$/);
const id = fc.stringMatching(/^[a-c.:/-]{1,4}$/);
const mail = fc.record({ namespace: token, to: token, from: token, id });

test('two messages are the same one where namespace, recipient, sender and id are the same, and only there', () => {
  fc.assert(
    fc.property(mail, mail, (one, other) => {
      const same = (['namespace', 'to', 'from', 'id'] as const).every((part) => one[part] === other[part]);
      expect(mailIdentity(one) === mailIdentity(other)).toBe(same);
      expect(idAtRecipient(one) === idAtRecipient(other)).toBe(
        one.from === other.from && one.id === other.id,
      );
    }),
  );
});
