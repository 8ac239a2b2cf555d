import { MessageSubmission, MultiswarmError, toMessage, type Message } from '@multiswarm/contracts';
import { delay, ManualClock } from '@multiswarm/core';
import { pass } from '@multiswarm/testing';
import { MailSender, type MailSenderOptions } from './mail-sender';

const TRY_MS = 20_000;
const message = (n: number): Message =>
  toMessage(MessageSubmission.parse({ from: 'a', to: 'b', kind: 'work', qos: 'at-least-once', data: n }), {
    ...{ id: `m-0000${n}`, acceptedAtMs: 0, traceparent: undefined },
  });

type Ask = (timeoutMs: number) => Promise<object>;

function sender(clock: ManualClock, ask: Ask): { mail: MailSender; stored: number[] } {
  const stored: number[] = [];
  const bus: MailSenderOptions['bus'] = {
    request: async (_subject, _body, { reply, timeoutMs = 5_000 }) => reply.parse(await ask(timeoutMs)),
    publishStored: () => Promise.resolve({ seq: stored.push(clock.monotonic()), duplicate: false }),
  };
  const shardOf = (): Promise<{ domain: string; shard: number }> =>
    Promise.resolve({ domain: 'hub', shard: 0 });
  const sites = { known: 'hub', domain: () => Promise.resolve('hub'), shardOf };
  return { mail: new MailSender({ bus, sites, clock, tryMs: TRY_MS }), stored };
}

/** What became of them, and when they were told. */
function outcomes(clock: ManualClock, sent: readonly Promise<unknown>[]): { told: string[]; lastMs: number } {
  const all = { told: [] as string[], lastMs: 0 };
  const note = (code: string): void => {
    all.told.push(code);
    all.lastMs = clock.monotonic();
  };
  for (const each of sent)
    each.then(
      () => note('stored'),
      (error: unknown) => note(error instanceof MultiswarmError ? error.code : String(error)),
    );
  return all;
}

test('where nobody answers for a mailbox, all who wait for room there are told when their time is over, not one after the other', async () => {
  const clock = new ManualClock();
  const { mail, stored } = sender(clock, async (timeoutMs) => {
    await delay(clock, timeoutMs);
    throw new MultiswarmError('timeout', 'no answer');
  });
  const waiting = Array.from({ length: 100 }, (_, n) => mail.store(message(n)));
  const first = outcomes(clock, waiting);
  await pass(clock, 3_000, 100);
  const later = outcomes(clock, [mail.store(message(100))]);
  await pass(clock, TRY_MS + 1_000, 100);
  expect(first.told).toEqual(waiting.map(() => 'timeout'));
  expect(first.lastMs).toBeLessThanOrEqual(TRY_MS + 100);
  expect(later.told).toEqual(['timeout']);
  expect(stored).toEqual([]);
});

test('room that is over before its promise arrives is not asked for without end', async () => {
  const clock = new ManualClock();
  let asked = 0;
  const { mail } = sender(clock, async () => {
    asked += 1;
    await delay(clock, 200);
    return { granted: 64, forMs: 100, depth: 0, limit: 1_000, breaker: 'closed' };
  });
  const sent = outcomes(clock, [mail.store(message(1)), mail.store(message(2))]);
  await pass(clock, TRY_MS + 1_000, 100);
  expect(sent.told).toEqual(['mailbox-unavailable', 'mailbox-unavailable']);
  expect(asked).toBeLessThanOrEqual(TRY_MS / 200);
});
