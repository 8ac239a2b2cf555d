import { LIMITS } from './limits';
import { mailReaderOf, mailSessionOf, readerOfSession } from './mail-session';
import { SessionId } from './mailbox';

test('a session says whose it is, and is a name, however long that of its swarm is', () => {
  for (const swarm of ['b', `${'a-'.repeat(LIMITS.NAME_CHARS)}b`, 'x_y']) {
    const reader = mailReaderOf(swarm, '0198c2f0-aaaa-7bbb-8ccc-dddddddddddd');
    const session = mailSessionOf(reader, 1_000_000);
    expect(readerOfSession(session)).toBe(reader);
    expect(SessionId.safeParse(session).success).toBe(true);
  }
  expect(mailReaderOf('a', '1')).not.toBe(mailReaderOf('a', '2'));
  expect(readerOfSession('r1')).toBe('');
});
