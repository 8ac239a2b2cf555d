import { listDomains } from './list-domains';

const at = (ms: number): string => new Date(ms).toISOString();

test('the own domain comes first, then all others, with what waits for them in all mailbox shards', async () => {
  const list = listDomains({
    domain: 'eu',
    startedAtMs: 1_000,
    neighbours: () => [
      { domain: 'us', heard: true, sinceMs: 5, sinceWallMs: 2_000 },
      { domain: 'ap', heard: false, sinceMs: 9, sinceWallMs: 3_000 },
    ],
    outgoing: async () => [
      { domain: 'ap', mailboxes: 1, messages: 2, bytes: 30, oldestAt: at(2_500) },
      { domain: 'ap', mailboxes: 2, messages: 3, bytes: 40, oldestAt: at(2_400) },
      { domain: 'sa', mailboxes: 1, messages: 1, bytes: 1 },
    ],
  });
  const none = { mailboxes: 0, messages: 0, bytes: 0 };
  expect(await list()).toEqual([
    { domain: 'eu', state: 'here', since: at(1_000), waiting: none },
    {
      ...{ domain: 'ap', state: 'silent', since: at(3_000) },
      waiting: { mailboxes: 3, messages: 5, bytes: 70, oldestAt: at(2_400) },
    },
    { domain: 'sa', state: 'silent', since: at(1_000), waiting: { mailboxes: 1, messages: 1, bytes: 1 } },
    { domain: 'us', state: 'heard', since: at(2_000), waiting: none },
  ]);
});
