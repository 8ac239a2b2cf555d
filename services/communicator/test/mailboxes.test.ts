import { Printed, type Bus } from '@multiswarm/bus';
import {
  DeadMessagePage,
  mailboxShardOf,
  MessageSubmission,
  subjects,
  toMessage,
  toWire,
  type Priority,
} from '@multiswarm/contracts';
import { defineMessage, PoisonMessage, type Swarm } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { deferred } from '@multiswarm/core';
import { MailboxOwners } from '../src/adapters/bus/mailbox-owners';
import { World } from './world';
import { z } from 'zod';

let world: World;
let bus: Bus | undefined;

beforeEach(async () => {
  bus = undefined;
  world = await World.start();
});

afterEach(async () => {
  await world.stop();
});

const isRead = async (id: string): Promise<boolean> => {
  bus ??= await world.bus('test');
  return (await new MailboxOwners(bus, 'hub').info('default', id)).sessions === 1;
};

const join: World['swarm'] = (id, prepare) => world.swarm(id, prepare);

/** A swarm whose mailbox is known, and which is not there any more. */
async function known(a: Swarm, id: string): Promise<void> {
  let seen = false;
  const swarm = await join(id, ({ messages }) => messages.on('hello', () => void (seen = true)));
  await a.messages.send({ to: id, kind: 'hello', qos: 'at-least-once' });
  await eventually(() => seen);
  await swarm.stop();
}

const QUICK = { backoff: { initialMs: 10, factor: 1, maxMs: 10, jitter: 0 } };
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test('messages wait in the mailbox of a swarm that is not there, and come in order when it is', async () => {
  await world.replica();
  const a = await join('a');
  await known(a, 'b');
  const stored = await Promise.all(
    numbers(50).map((n) => a.messages.send({ to: 'b', kind: 'work', data: { n }, qos: 'at-least-once' })),
  );
  expect(stored.map(({ status }) => status)).toEqual(numbers(50).map(() => 'stored'));
  const got: unknown[] = [];
  await join('b', (swarm) => swarm.messages.on('work', ({ data }) => void got.push(data)));
  await eventually(() => got.length === 50);
  expect(got).toEqual(numbers(50).map((n) => ({ n })));
});

test('a handler that throws is asked again, and one that says it is poison is not', async () => {
  await world.replica({ rules: QUICK });
  const tries: string[] = [];
  await join('b', (swarm) =>
    swarm.messages.on('work', ({ data, attempt }) => {
      const { n } = data as { n: number };
      tries.push(`${n}:${attempt}`);
      if (n === 2) throw new PoisonMessage('never');
      if (attempt === 1) throw new Error('not yet');
    }),
  );
  const a = await join('a');
  for (const n of [1, 2, 3])
    await a.messages.send({ to: 'b', kind: 'work', data: { n }, qos: 'at-least-once' });
  await eventually(() => tries.includes('3:2'));
  expect(tries).toEqual(['1:1', '1:2', '2:1', '3:1', '3:2']);
});

test('what is sent exactly once has one effect in the state of its conversation, also where its stream has forgotten that it had it before', async () => {
  await world.replica();
  const b = await join('b', ({ messages }) =>
    messages.onExactlyOnce<number>(
      'add',
      () => 0,
      (sum, { data }) => sum + (data as { n: number }).n,
    ),
  );
  const bus = await world.bus('stream');
  let stored = 0;
  /** Under another id for the stream each time, as long after its window, or after a restart of its server. */
  const store = (n: number, priority: Priority = 'normal'): Promise<unknown> => {
    const submission = {
      from: 'a',
      to: 'b',
      kind: 'add',
      data: { n },
      qos: 'exactly-once',
      conversation: 'sum',
    };
    const message = toMessage(MessageSubmission.parse({ ...submission, priority }), {
      ...{ id: `m-0000${n}`, acceptedAtMs: Date.now(), traceparent: undefined },
    });
    const { subject, lines, body } = toWire(message, 'hub');
    return bus.publishStored(subject, new Printed(body), { messageId: `s-${(stored += 1)}`, lines });
  };
  await Promise.all(numbers(40).map((n) => store(n)));
  await Promise.all(numbers(40).map((n) => store(n, n % 2 === 0 ? 'low' : 'normal')));
  await store(1_000);
  await store(2_000, 'low');
  await eventually(async () => ((await b.messages.state<number>('sum')) ?? 0) >= 3_780);
  expect(await b.messages.state('sum')).toBe(780 + 3_000);
  expect(stored).toBe(82);
});

test('a question to a handler with state is answered from the state, and again when it comes again; it has one effect', async () => {
  await world.replica();
  await join('b', ({ messages }) => {
    messages.onExactlyOnce<number>(
      'add',
      () => 0,
      (sum, { data }) => sum + Number(data),
    );
    messages.onExactlyOnce<number>(
      'half',
      () => 0,
      (sum) => sum / 2,
      (sum) => {
        if (sum < 3) throw new Error('too little is left');
        return { left: sum };
      },
    );
    messages.onExactlyOnce<number>(
      'fail',
      () => 0,
      () => {
        throw new Error('cannot');
      },
    );
  });
  const a = await join('a');
  const qos = 'exactly-once';
  const ask = (kind: string, data: number, more: object = {}): Promise<unknown> =>
    a.messages.request({ to: 'b', kind, data, qos, conversation: 'c', ...more });
  expect(await Promise.all([2, 3, 5].map((n) => ask('add', n)))).toEqual([2, 5, 10]);
  expect(await ask('half', 0)).toEqual({ left: 5 });
  expect(await ask('add', 1, { id: 'm-00000007' })).toBe(6);
  const bus = await world.bus('stream');
  const asked = { from: 'a', to: 'b', kind: 'add', data: 1, qos, conversation: 'c' };
  const heard: unknown[] = [];
  await join('asker', ({ messages }) => messages.on('add-reply', ({ data }) => void heard.push(data)));
  const submission = MessageSubmission.parse({ ...asked, replyTo: 'asker' });
  const again = toMessage(submission, { id: 'm-00000007', acceptedAtMs: Date.now(), traceparent: undefined });
  const { subject, lines, body } = toWire(again, 'hub');
  await bus.publishStored(subject, new Printed(body), { messageId: 'once-more', lines });
  await eventually(() => heard.length === 1);
  expect(heard).toEqual([6]);
  await expect(ask('half', 0)).resolves.toEqual({ left: 3 });
  await expect(ask('half', 0)).rejects.toMatchObject({ message: 'too little is left' });
  expect(await ask('add', 0)).toBe(1.5);
  await expect(ask('fail', 0, { qos: 'at-most-once' })).rejects.toMatchObject({ message: 'cannot' });
});

test('a request is answered, and a failure is told', async () => {
  await world.replica();
  await join('b', (swarm) => {
    swarm.messages.on('double', ({ data }) => (data as number) * 2);
    swarm.messages.on('fail', () => {
      throw new Error('cannot');
    });
  });
  const a = await join('a');
  expect(await a.messages.request({ to: 'b', kind: 'double', data: 21 })).toBe(42);
  expect(await a.messages.request({ to: 'b', kind: 'double', data: 4, qos: 'at-least-once' })).toBe(8);
  await expect(a.messages.request({ to: 'b', kind: 'fail' })).rejects.toMatchObject({ message: 'cannot' });
});

test('a broadcast that one mailbox does not take is told by recipient; sent again, nobody gets it twice', async () => {
  await world.replica({ rules: { limit: 2 } });
  const got: string[] = [];
  const free = deferred();
  await join('b', ({ messages }) => {
    messages.on('work', () => free.promise);
    messages.on('news', () => void got.push('b'));
  });
  await join('c', ({ messages }) => messages.on('news', () => (got.push('c'), 'heard')));
  const a = await join('a');
  const at = { qos: 'at-least-once' } as const;
  for (const id of ['b', 'c']) await eventually(() => isRead(id));
  for (let n = 0; n < 2; n += 1) await a.messages.send({ to: 'b', kind: 'work', ...at });
  const news = { kind: 'news', ...at, id: 'm-00000001' };
  const told = await a.messages.broadcast(news);
  expect(told).toMatchObject({
    status: 'partly-stored',
    recipients: ['c'],
    recipientCount: 1,
    refusedCount: 1,
  });
  expect(told.refused).toMatchObject([
    { to: 'b', code: 'mailbox-full', retryable: true, depth: 2, limit: 2 },
  ]);
  const answers = await a.messages.gather({ to: '*', kind: 'news', ...at });
  expect(answers.failures).toMatchObject([
    { from: 'b', error: { code: 'mailbox-full', fill: { depth: 2 } } },
  ]);
  expect(answers).toMatchObject({ answers: [{ from: 'c', data: 'heard' }], complete: true });
  free.resolve(undefined);
  await eventually(async () => (await a.messages.broadcast(news)).status === 'stored');
  await eventually(() => got.includes('b'));
  expect(got.sort()).toEqual(['b', 'c', 'c']);
});

test('a broadcast while nobody has a part of the mailboxes says who has not got it; sent again, each has it once', async () => {
  const [first, second] = [await world.replica({ mailTryMs: 300 }), await world.replica({ mailTryMs: 300 })];
  const shared = (): boolean => [first, second].every(({ communicator }) => communicator.served.length === 8);
  await eventually(shared, { timeoutMs: 15_000 });
  const ofPart = ({ communicator: { served } }: typeof first): string =>
    ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'].find((id) => served.includes(mailboxShardOf(id))) ??
    '';
  const [away, there] = [ofPart(first), ofPart(second)];
  const got: string[] = [];
  for (const id of [away, there]) {
    await join(id, ({ messages }) => messages.on('news', () => void got.push(id)));
    await eventually(() => isRead(id));
  }
  const a = await join('a');
  first.communicator.drop();
  await first.bus.close();
  const news = { kind: 'news', qos: 'at-least-once', id: 'm-00000001' } as const;
  const told = await a.messages.broadcast(news);
  expect(told).toMatchObject({ status: 'partly-stored', recipients: [there], refusedCount: 1 });
  expect(told.refused).toMatchObject([{ to: away, code: 'mailbox-unavailable', retryable: true }]);
  await eventually(async () => (await a.messages.broadcast(news)).status === 'stored', { timeoutMs: 15_000 });
  await eventually(() => got.includes(away));
  expect(got.sort()).toEqual([away, there].sort());
});

test('what one sender sends to one swarm and to all is one conversation, with one state and one order', async () => {
  await world.replica();
  const b = await join('b', ({ messages }) =>
    messages.onExactlyOnce<number[]>(
      'add',
      () => [],
      (all, { data }) => [...all, Number(data)],
    ),
  );
  const a = await join('a');
  const qos = 'exactly-once';
  for (const n of numbers(6))
    if (n % 2 === 0) await a.messages.send({ to: 'b', kind: 'add', data: n, qos });
    else await a.messages.broadcast({ kind: 'add', data: n, qos });
  await eventually(async () => (await b.messages.state<number[]>('from a'))?.length === 6);
  expect(await b.messages.state('from a')).toEqual(numbers(6));
});

test('what is delayed is handed over when its time has come, and other conversations go on', async () => {
  await world.replica();
  const got: { data: unknown; atMs: number }[] = [];
  await join('b', ({ messages }) =>
    messages.on('work', ({ data }) => void got.push({ data, atMs: Date.now() })),
  );
  await eventually(() => isRead('b'));
  const a = await join('a');
  const [sentAtMs, delayMs] = [Date.now(), 700];
  const late = {
    to: 'b',
    kind: 'work',
    data: 'late',
    conversation: 'c',
    delayMs,
    qos: 'at-least-once',
  } as const;
  expect(await a.messages.send(late)).toMatchObject({ status: 'stored' });
  await a.messages.send({ to: 'b', kind: 'work', data: 'now', qos: 'at-least-once' });
  await eventually(() => got.length === 2);
  expect(got.map(({ data }) => data)).toEqual(['now', 'late']);
  expect(got[1]?.atMs).toBeGreaterThanOrEqual(sentAtMs + delayMs);
});

test('who writes to a recipient whose handlers keep failing is told so', async () => {
  const breaker = { failures: 2, openMs: 60_000, longestMs: 60_000 };
  await world.replica({ rules: { ...QUICK, breaker, creditMs: 100 } });
  await join('b', ({ messages }) =>
    messages.on('work', () => {
      throw new Error('always');
    }),
  );
  const a = await join('a');
  const send = (): Promise<{ status: string; breaker?: string | undefined }> =>
    a.messages.send({ to: 'b', kind: 'work', qos: 'at-least-once' });
  await eventually(() => isRead('b'));
  expect(await send()).not.toHaveProperty('breaker');
  const told = await eventually(async () => {
    const status = await send();
    return status.breaker !== undefined && status;
  });
  expect(told).toMatchObject({ status: 'stored', breaker: 'open' });
});

test('a mailbox that is full is told to the sender, with the number of messages in it', async () => {
  await world.replica({ rules: { limit: 20 } });
  const a = await join('a');
  await known(a, 'b');
  const sent = await Promise.allSettled(
    numbers(200).map((n) => a.messages.send({ to: 'b', kind: 'work', data: { n }, qos: 'at-least-once' })),
  );
  expect(sent.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(20);
  await eventually(async () => {
    const error: unknown = await a.messages.send({ to: 'b', kind: 'work', qos: 'at-least-once' }).then(
      () => undefined,
      (fault: unknown) => fault,
    );
    return error;
  });
  await expect(a.messages.send({ to: 'b', kind: 'work', qos: 'at-least-once' })).rejects.toMatchObject({
    code: 'mailbox-full',
    message: expect.stringMatching(/holds \d+ of 20/) as string,
  });
});

test('data that does not fit the schema of its recipient is a dead letter at once, with every finding; common kinds are checked where they are sent', async () => {
  await world.replica();
  const transfer = defineMessage({
    kind: 'transfer',
    data: z.object({ amount: z.number(), to: z.string() }),
  });
  const sums: number[] = [];
  await join('b', ({ messages }) => messages.on(transfer, ({ data }) => void sums.push(data.amount)));
  const a = await join('a');
  const qos = 'at-least-once';
  await a.messages.send({ to: 'b', kind: 'transfer', data: { amount: 'two' }, qos });
  await a.messages.send({ to: 'b', kind: transfer, data: { amount: 3, to: 'c' }, qos });
  await eventually(() => sums.length > 0);
  const asker = await world.bus('asker');
  const { items } = await eventually(async () => {
    const page = await asker.request(subjects.deadMessage('list'), {}, { reply: DeadMessagePage });
    return page.items.length > 0 ? page : undefined;
  });
  expect(items).toMatchObject([{ kind: 'transfer', cause: 'poison', attempts: 1 }]);
  expect(items[0]?.message).toContain('/data/amount: expected a number, not "two"; /data/to: missing');
  const unfit: object = { to: 'b', kind: 'status-update', data: { load: 7 }, qos };
  await expect(a.messages.send(unfit as { to: string; kind: string })).rejects.toMatchObject({
    code: 'invalid-request',
    findings: [{ pointer: '/data/load', message: 'must be at most 1, not 7' }],
  });
});

test('another replica goes on where one was lost, and nothing is lost', async () => {
  const first = await world.replica();
  await eventually(() => first.communicator.served.length === 16);
  const got: number[] = [];
  await join('b', (swarm) =>
    swarm.messages.on('work', ({ data }) => void got.push((data as { n: number }).n)),
  );
  const a = await join('a');
  const send = (n: number): Promise<unknown> =>
    a.messages.send({ to: 'b', kind: 'work', data: { n }, qos: 'at-least-once' });
  await Promise.all(numbers(20).map(send));
  const second = await world.replica();
  first.communicator.drop();
  await first.bus.close();
  await Promise.all(numbers(20).map((n) => send(20 + n)));
  await eventually(() => new Set(got).size === 40);
  expect([...new Set(got)]).toEqual(numbers(40));
  await eventually(() => second.communicator.served.length === 16);
});
