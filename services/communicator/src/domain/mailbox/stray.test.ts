import { mailboxShardOf, subjects } from '@multiswarm/contracts';
import { strayOf } from './stray';

const shard = mailboxShardOf('b');
const subjectIn = (part: number): string =>
  subjects.mail('at-least-once', { domain: 'hub', shard: part }, 'high', 'default', 'b', 'a');

test('a message is where it should be, or it is told why not', () => {
  expect(strayOf(subjectIn(shard), shard)).toBeUndefined();
  const other = (shard + 1) % 16;
  expect(strayOf(subjectIn(other), other)).toEqual({
    address: { qos: 'at-least-once', priority: 'high', namespace: 'default', to: 'b', from: 'a' },
    why: `the mailbox of "b" is in part ${shard}, not ${other}`,
  });
});

test('of a subject that is none as much is kept as it says', () => {
  expect(strayOf(`${subjectIn(shard)}.x`, shard)).toMatchObject({
    address: { namespace: 'default', to: 'b', from: 'a' },
  });
  expect(strayOf('ms.v1.mail.at-least-once.hub.0.high', shard)).toMatchObject({
    address: { namespace: 'default', to: 'unknown', from: 'unknown' },
  });
});
