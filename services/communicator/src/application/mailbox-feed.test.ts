import { MultiswarmError, type MailSettle, type MailTake, type MailTaken } from '@multiswarm/contracts';
import { deferred, ManualClock, type Deferred } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { MailboxFeed, type Outlet } from './mailbox-feed';

const logger = createLogger({ service: 'test', level: 'silent' });

/** Answers each take when the test says so, and notes all that it is asked. */
class Script {
  readonly takes: MailTake[] = [];
  readonly reports: MailSettle[] = [];
  private readonly answers: Deferred<MailTaken>[] = [];
  readonly sent: number[] = [];
  readonly troubles: string[] = [];
  private readonly over = new AbortController();
  blocked: Deferred<boolean> | undefined;
  readonly clock = new ManualClock();
  readonly feed = new MailboxFeed(
    { namespace: 'default', mailbox: 'inbox', session: 's', credits: 4 },
    {
      desk: {
        take: (request) => {
          this.takes.push(request);
          const answer = deferred<MailTaken>();
          this.answers.push(answer);
          if (request.window === 0) answer.resolve(taken([]));
          return answer.promise;
        },
        settle: (report) => {
          this.reports.push(report);
          return Promise.resolve({ unknown: [] });
        },
      },
      clock: this.clock,
      logger,
    },
  );
  readonly outlet: Outlet = {
    send: ({ seq }) => {
      if (this.over.signal.aborted) return false;
      this.sent.push(seq);
      return true;
    },
    room: () => this.blocked?.promise ?? Promise.resolve(true),
    trouble: ({ code }) => void this.troubles.push(code),
    ended: this.over.signal,
  };

  answer(seqs: readonly number[], gone?: number[]): Promise<void> {
    this.answers[this.answers.length - 1]?.resolve({ ...taken(seqs), ...(gone ? { gone } : {}) });
    return settledTurns();
  }

  fail(error: Error): Promise<void> {
    this.answers[this.answers.length - 1]?.reject(error);
    return settledTurns();
  }

  end(): void {
    this.over.abort();
  }

  get last(): MailTake | undefined {
    return this.takes[this.takes.length - 1];
  }
}

function taken(seqs: readonly number[]): MailTaken {
  const message = { id: 'm-00000001' } as MailTaken['messages'][number]['message']; // nobody here looks into it
  return { messages: seqs.map((seq) => ({ seq, message })), ackWaitMs: 1_000, depth: seqs.length };
}

async function settledTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

test('each take says what has come and is not settled; what is gone or settled is not said any more', async () => {
  const script = new Script();
  const running = script.feed.run(script.outlet);
  await script.answer([1, 2, 3]);
  expect(script.last).toMatchObject({ window: 4, holding: [1, 2, 3] });
  await script.feed.settle({ acks: [1], extended: [2] });
  await script.answer([4], [3]);
  expect(script.last?.holding).toEqual([2, 4]);
  script.end();
  await running;
});

test('while the reader takes nothing, nothing more is taken; at the end what was not sent is not among what it had', async () => {
  const script = new Script();
  script.blocked = deferred<boolean>();
  const running = script.feed.run(script.outlet);
  await script.answer([1, 2, 3]);
  expect([script.sent, script.takes.length]).toEqual([[1], 1]);
  script.end();
  script.blocked.resolve(false);
  await running;
  expect(script.last).toMatchObject({ window: 0, holding: [1] });
  expect(script.reports).toEqual([expect.objectContaining({ session: 's', acks: [], leaves: true })]);
});

test('other credits begin another take, and what the one before brings is not sent twice', async () => {
  const script = new Script();
  const running = script.feed.run(script.outlet);
  script.feed.allow(9);
  await settledTurns();
  expect(script.takes.map(({ window }) => window)).toEqual([4, 9]);
  await script.answer([5]);
  expect([script.sent, script.last?.holding]).toEqual([[5], [5]]);
  script.end();
  await running;
});

test('an owner that does not answer is told of once, and asked again', async () => {
  const script = new Script();
  const running = script.feed.run(script.outlet);
  await settledTurns();
  for (const count of [2, 3]) {
    await script.fail(new MultiswarmError('mailbox-unavailable', 'nobody owns it'));
    script.clock.advance(250);
    await settledTurns();
    expect(script.takes).toHaveLength(count);
  }
  expect(script.troubles).toEqual(['mailbox-unavailable']);
  await script.answer([1]);
  expect(script.sent).toEqual([1]);
  script.end();
  await running;
});
