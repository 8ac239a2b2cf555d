import {
  LIMITS,
  mailboxShardOf,
  MessageSubmission,
  MultiswarmError,
  toMessage,
  type Message,
} from '@multiswarm/contracts';
import { deferred, delay, ManualClock } from '@multiswarm/core';
import { MailSender, type MailSenderOptions } from '@multiswarm/messaging';
import { pass, turns } from '@multiswarm/testing';
import { BroadcastCopies } from './broadcast-copies';

const recipients = (count: number): string[] => Array.from({ length: count }, (_, n) => `s-${n}`);
const broadcast = (id: string, data: string): Message =>
  toMessage(MessageSubmission.parse({ from: 'a', to: '*', kind: 'news', qos: 'at-least-once', data, id }), {
    ...{ id, acceptedAtMs: 0, traceparent: undefined },
  });

test('a large broadcast is stored for many recipients that were never written to, and leaves room for other senders', async () => {
  const clock = new ManualClock();
  let [stored, onTheirWay, most] = [0, 0, 0];
  const bus: MailSenderOptions['bus'] = {
    request: async (_subject, _body, { reply }) => {
      most = Math.max(most, (onTheirWay += 1));
      await delay(clock, 10);
      onTheirWay -= 1;
      return reply.parse({ granted: 64, forMs: 7_500, depth: 0, limit: 1_000, breaker: 'closed' });
    },
    publishStored: () => Promise.resolve({ seq: (stored += 1), duplicate: false }),
  };
  const place = { domain: 'hub', shard: 0 };
  const sites = { known: 'hub', domain: () => Promise.resolve('hub'), shardOf: () => Promise.resolve(place) };
  const outbox = new MailSender({ bus, sites, clock });
  const copies = new BroadcastCopies({ outbox, mailTryMs: 20_000, clock });
  const tries = copies.store(broadcast('m-00000001', 'x'.repeat(250 * 1024)), recipients(400));
  await pass(clock, 1_000, 10);
  expect((await tries).filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(stored).toBe(400);
  expect(most * 250 * 1024).toBeLessThan(LIMITS.MAIL_WAITING_BYTES / 2);
});

test('a part without an owner holds up its own copies only; all that wait are given up together; later broadcasts come later', async () => {
  const clock = new ManualClock();
  const went: string[] = [];
  const all = recipients(600);
  const away = new Set(all.filter((to) => mailboxShardOf(to) === 3));
  let lastMs = 0;
  const outbox = {
    store: async ({ to, data }: Message, { endMs = 0 } = {}) => {
      const leftMs = endMs - clock.monotonic();
      if (away.has(to) && leftMs > 0) await delay(clock, leftMs);
      lastMs = clock.monotonic();
      if (away.has(to) && lastMs >= endMs) throw new MultiswarmError('mailbox-unavailable', 'nobody');
      went.push(`${JSON.stringify(data)} ${to}`);
      return {};
    },
  };
  const copies = new BroadcastCopies({ outbox, mailTryMs: 20_000, clock });
  const tries = [
    copies.store(broadcast('m-00000001', '1'), all),
    copies.store(broadcast('m-00000002', '2'), all),
  ];
  await turns(50);
  expect(went).toHaveLength(2 * (all.length - away.size)); // those of parts in which somebody answers
  await pass(clock, 20_000, 1_000);
  const refused = (await Promise.all(tries)).map((each) =>
    each.flatMap(({ status }, n) => (status === 'rejected' ? [all[n]] : [])),
  );
  expect(refused).toEqual([[...away], [...away]]);
  expect(lastMs).toBe(20_000);
  for (const to of all.filter((each) => !away.has(each)))
    expect(went.indexOf(`"1" ${to}`)).toBeLessThan(went.indexOf(`"2" ${to}`));
});

test('more copies than may wait are refused, and the others are stored', async () => {
  const free = deferred();
  const outbox = { store: () => free.promise.then(() => ({})) };
  const copies = new BroadcastCopies({ outbox, mailTryMs: 20_000, clock: new ManualClock() });
  const to = Array.from({ length: LIMITS.MAIL_COPIES + LIMITS.MAIL_COPIES_WAITING + 2 }, () => 'b');
  const tries = copies.store(broadcast('m-00000001', '1'), to);
  free.resolve(undefined);
  const refused = (await tries).filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(2);
  expect(refused[0]).toMatchObject({ reason: { code: 'mailbox-unavailable', retryable: true } });
});
