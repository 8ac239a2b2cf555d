import { connectBus, Printed, type Bus } from '@multiswarm/bus';
import { LIMITS, mailboxShardOf, streams, subjects, type DeadMail } from '@multiswarm/contracts';
import { deferred } from '@multiswarm/core';
import { connect, PoisonMessage, RetryLater, type Client, type Swarm } from '@multiswarm/sdk';
import { eventually, startNats } from '@multiswarm/testing';
import { MailboxOwners } from '../src/adapters/bus/mailbox-owners';
import { MAIL, World } from './world';

/** So that nobody waits for long: messages are given up after two tries, and what is not acknowledged comes back soon. */
const RULES = { backoff: { initialMs: 10, factor: 1, maxMs: 10, jitter: 0 }, maxAttempts: 2, ackWaitMs: 400 };

const NANOS_IN_MS = 1_000_000;

let world: World;
let bus: Bus;
let client: Client;
let a: Swarm;

beforeAll(async () => {
  world = await World.start();
  const { communicator } = await world.replica({ rules: RULES });
  await eventually(() => communicator.served.length === 16);
  bus = await world.bus('anybody');
  client = await connect({ bus: await world.bus('client') });
  a = await world.swarm('a');
});

afterAll(async () => {
  await client.close();
  await world.stop();
});

const send = (to: string, data: number, more: object = {}): Promise<unknown> =>
  a.messages.send({ to, kind: 'work', data, qos: 'at-least-once', ...more });

async function deadOf(to: string, count: number): Promise<DeadMail[]> {
  return eventually(async () => {
    const { items } = await client.deadMessages.list({ to });
    return items.length === count ? items : undefined;
  });
}

/** Resolves when its mailbox is read. */
async function recipient(
  id: string,
  handler: (data: unknown) => unknown,
  given: { messageTimeoutMs?: number } = {},
): Promise<void> {
  await world.swarm(
    id,
    ({ messages }) => messages.on('work', ({ data }) => handler(data) as undefined),
    given,
  );
  await isRead(id);
}

async function isRead(id: string): Promise<void> {
  const owners = new MailboxOwners(bus, 'hub');
  await eventually(async () => (await owners.info('default', id)).sessions === 1);
}

test('bytes that are no message, straight on the subject of a mailbox, are a dead letter, and hold up nothing', async () => {
  const got: unknown[] = [];
  await recipient('b', (data) => got.push(data));
  const place = { domain: 'hub', shard: mailboxShardOf('b') };
  const subject = subjects.mail('at-least-once', place, 'normal', 'default', 'b', 'a');
  await bus.publishStored(subject, new Printed('{"no end'), { messageId: 'bad-1' });
  await send('b', 1);
  expect(await deadOf('b', 1)).toMatchObject([{ cause: 'malformed', from: 'a', attempts: 1 }]);
  await eventually(() => got.length === 1);
  expect(got).toEqual([1]);
});

test('a message that nobody could hand over, with what is added, is refused by the server', async () => {
  const place = { domain: 'hub', shard: mailboxShardOf('b') };
  const subject = subjects.mail('at-least-once', place, 'normal', 'default', 'b', 'a');
  const large = JSON.stringify('x'.repeat(LIMITS.MAIL_BYTES));
  await expect(bus.publishStored(subject, new Printed(large), { messageId: 'large-1' })).rejects.toThrow(
    /message size exceeds maximum allowed/,
  );
});

test('a payload that nobody can have noted does not keep a message from being a dead letter', async () => {
  const place = { domain: 'hub', shard: mailboxShardOf('k') };
  const subject = subjects.mail('at-least-once', place, 'normal', 'default', 'k', 'a');
  await recipient('k', () => undefined);
  const lines = 'ms-payload: a..b 5\r\n';
  await bus.publishStored(subject, new Printed('{"no end'), { messageId: 'bad-2', lines });
  expect(await deadOf('k', 1)).toMatchObject([{ cause: 'malformed' }]);
});

test('a handler with state that hangs takes nothing from the messages before and behind it', async () => {
  const never = deferred<number>();
  const swarm = await world.swarm(
    'l',
    ({ messages }) =>
      messages.onExactlyOnce<number, 'work'>(
        'work',
        () => 0,
        (sum, { data }) => (data === 2 ? never.promise : sum + Number(data)),
      ),
    { messageTimeoutMs: 100 },
  );
  await isRead('l');
  for (const n of [1, 2, 4]) await send('l', n, { qos: 'exactly-once', conversation: 'sums' });
  expect(await deadOf('l', 1)).toMatchObject([{ cause: 'not-acknowledged', attempts: 2 }]);
  await eventually(async () => (await swarm.messages.state('sums')) === 5);
  never.resolve(0);
});

test('a message with which the state of its conversation is too large is a dead letter that says so, and its conversation goes on', async () => {
  const swarm = await world.swarm('n', ({ messages }) =>
    messages.onExactlyOnce<string, 'work'>(
      'work',
      () => '',
      (text, { data }) => text + 'x'.repeat(Number(data)),
    ),
  );
  await isRead('n');
  for (const n of [1, LIMITS.CONVERSATION_STATE_BYTES, 2])
    await send('n', n, { qos: 'exactly-once', conversation: 'long' });
  const [dead] = await deadOf('n', 1);
  expect(dead).toMatchObject({ cause: 'poison', attempts: 1 });
  expect(dead?.message).toMatch(/^state-too-large: .* 1032192 is the most \(CONVERSATION_STATE_BYTES/);
  await eventually(async () => (await swarm.messages.state('long')) === 'xxx');
});

test('what is stored where no mailbox is, is a dead letter that says where it should have been', async () => {
  const shard = (mailboxShardOf('c') + 1) % 16;
  const subject = subjects.mail('at-least-once', { domain: 'hub', shard }, 'normal', 'default', 'c', 'a');
  await bus.publishStored(subject, new Printed('1'), { messageId: 'stray-1' });
  const [dead] = await deadOf('c', 1);
  expect(dead).toMatchObject({
    cause: 'malformed',
    message: `the mailbox of "c" is in part ${mailboxShardOf('c')}, not ${shard}`,
  });
});

test('a handler that hangs is a failed try: its conversation goes on, and the message is a dead letter in the end', async () => {
  const got: unknown[] = [];
  const never = deferred<undefined>();
  await recipient(
    'd',
    (data) => {
      got.push(data);
      return data === 1 ? never.promise : undefined;
    },
    { messageTimeoutMs: 100 },
  );
  await Promise.all([1, 2].map((n) => send('d', n)));
  expect(await deadOf('d', 1)).toMatchObject([
    { cause: 'not-acknowledged', message: 'its handler has not returned within 100 ms', attempts: 2 },
  ]);
  await eventually(() => got.length === 3);
  expect(got).toEqual([1, 1, 2]);
  never.resolve(undefined);
});

test('a handler that asks for the next try later has it then, not after the growing pause', async () => {
  const tries: { attempt: number | undefined; atMs: number }[] = [];
  await world.swarm('o', ({ messages }) =>
    messages.on('work', ({ attempt }) => {
      tries.push({ attempt, atMs: performance.now() });
      if (tries.length === 1) throw new RetryLater(300);
    }),
  );
  await isRead('o');
  await send('o', 1);
  const [first, second] = await eventually(() => tries.length === 2 && tries);
  expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(295);
});

test('a reader that never acknowledges gets a message as often as it is tried; then it is a dead letter', async () => {
  const owners = new MailboxOwners(bus, 'hub');
  const take = { namespace: 'default', mailbox: 'e', session: 'idler', most: 1, waitMs: 0 };
  await owners.take(take);
  await send('e', 1);
  const attempts: (number | undefined)[] = [];
  for (let n = 0; n < 2; n += 1) {
    const { messages } = await owners.take({ ...take, waitMs: 5_000 });
    attempts.push(...messages.map(({ message: { attempt } }) => attempt));
  }
  expect(attempts).toEqual([1, 2]);
  expect(await deadOf('e', 1)).toMatchObject([{ cause: 'not-acknowledged', attempts: 2 }]);
});

test('a message whose time is over while it waits for its handler is a dead letter, not forgotten', async () => {
  const got: unknown[] = [];
  const first = deferred<undefined>();
  await recipient('f', (data) => {
    got.push(data);
    return data === 1 ? first.promise : undefined;
  });
  await send('f', 1);
  await send('f', 2, { ttlMs: 50 });
  const overMs = Date.now() + 50;
  await eventually(() => got.length === 1 && Date.now() > overMs);
  first.resolve(undefined);
  expect(await deadOf('f', 1)).toMatchObject([{ cause: 'expired' }]);
  await send('f', 3);
  await eventually(() => got.length === 2);
  expect(got).toEqual([1, 3]);
});

test('readers of the stream that somebody removes are made anew, and nothing is lost', async () => {
  const got: unknown[] = [];
  await recipient('g', (data) => got.push(data));
  await send('g', 1);
  await eventually(() => got.length === 1);
  const shard = mailboxShardOf('g');
  const ask = async (verb: string): Promise<{ consumers?: string[] }> =>
    (await bus.connection.request(`$JS.API.CONSUMER.${verb}`, '')).json();
  const { consumers = [] } = await ask(`NAMES.${streams.mailbox}`);
  const mine = consumers.filter((name) => name.startsWith(`shard-${shard}-`));
  expect(mine).toHaveLength(4);
  for (const name of mine) await ask(`DELETE.${streams.mailbox}.${name}`);
  await send('g', 2);
  await eventually(() => got.length === 2, { timeoutMs: 15_000 });
  expect(got).toEqual([1, 2]);
}, 20_000);

test('a stream that counts from one again loses nothing: a number that another message had before is no sign that it is settled', async () => {
  const got: unknown[] = [];
  await recipient('h', (data) => got.push(data));
  for (const n of [1, 2, 3]) await send('h', n);
  await eventually(() => got.length === 3);
  const ask = async (verb: string, body = ''): Promise<{ config?: object }> =>
    (await bus.connection.request(`$JS.API.STREAM.${verb}.${streams.mailbox}`, body)).json();
  const { config } = await ask('INFO');
  await ask('DELETE');
  await ask('CREATE', JSON.stringify(config));
  for (const n of [4, 5, 6]) await send('h', n);
  await eventually(() => got.length === 6, { timeoutMs: 15_000 });
  expect(got).toEqual([1, 2, 3, 4, 5, 6]);
}, 20_000);

test('a dead letter for which there is no room stays in its mailbox until there is', async () => {
  let tries = 0;
  await world.swarm('i', ({ messages }) =>
    messages.on('work', () => {
      tries += 1;
      throw new PoisonMessage('never');
    }),
  );
  const owners = new MailboxOwners(bus, 'hub');
  await eventually(async () => (await owners.info('default', 'i')).sessions === 1);
  const ask = async (verb: string, body = ''): Promise<{ config?: object; state?: { messages: number } }> =>
    (await bus.connection.request(`$JS.API.STREAM.${verb}.${streams.deadMail}`, body)).json();
  await ask('PURGE');
  const { config = {} } = await ask('INFO');
  await ask('UPDATE', JSON.stringify({ ...config, max_msgs: 1 }));
  await bus.publishStored(subjects.deadMail('hub', 'default', 'other'), new Printed('1'), {
    messageId: 'full',
  });
  await send('i', 1);
  await eventually(async () => tries === 1 && (await owners.info('default', 'i')).inHand === 0);
  expect(await owners.info('default', 'i')).toMatchObject({ depth: 1, inHand: 0 });
  await ask('UPDATE', JSON.stringify(config));
  expect(await deadOf('i', 1)).toMatchObject([{ cause: 'poison', message: 'never' }]);
  await eventually(async () =>
    (await owners.list('default')).every(({ mailbox, depth }) => mailbox !== 'i' || depth === 0),
  );
});

test('a recipient that nobody knows is refused where it is sent, and nothing is stored', async () => {
  await expect(send('nobody-there', 1)).rejects.toMatchObject({ code: 'recipient-unknown' });
});

test('dead messages are kept for as long as it is set, and are gone then, from lists and by number', async () => {
  await recipient('p', () => {
    throw new PoisonMessage('never');
  });
  await send('p', 1);
  const [dead] = await deadOf('p', 1);
  const ask = async (verb: string, body = ''): Promise<{ config?: { max_age: number }; error?: object }> =>
    (await bus.connection.request(`$JS.API.STREAM.${verb}.${streams.deadMail}`, body)).json();
  const { config } = await ask('INFO');
  expect(config?.max_age).toBe(MAIL.streams.deadMailAgeMs * NANOS_IN_MS);
  const shortened = { ...config, max_age: 200 * NANOS_IN_MS, duplicate_window: 200 * NANOS_IN_MS };
  expect((await ask('UPDATE', JSON.stringify(shortened))).error).toBeUndefined();
  await deadOf('p', 0);
  expect((await client.deadMessages.list()).counts?.total).toBe(0);
  await expect(client.deadMessages.get(dead?.seq ?? 0)).rejects.toMatchObject({ code: 'message-not-found' });
  await ask('UPDATE', JSON.stringify(config));
});

test('permissions of NATS keep a swarm from sending as another one', async () => {
  const mine = ['ms.v1.msg.at-most-once.*.*.*.default.*.a', 'ms.v1.mail.*.*.*.*.default.*.a'];
  const allowed = [...mine, '_INBOX.>', '$JS.API.STREAM.>'].map((each) => `"${each}"`).join(', ');
  const user = `{ user: a, password: x, permissions: { publish: { allow: [${allowed}] } } }`;
  const guarded = await startNats({ config: `no_auth_user: a\nauthorization { users: [${user}] }` });
  try {
    const swarm = await connectBus({ servers: guarded.url, name: 'a', closeGraceMs: 100 });
    const ask = (subject: string, body: string): ReturnType<Bus['connection']['request']> =>
      swarm.connection.request(subject, body, { timeout: 1_000 });
    const stream = { name: streams.mailbox, subjects: [subjects.storedMail('hub')], storage: 'memory' };
    await ask(`$JS.API.STREAM.CREATE.${streams.mailbox}`, JSON.stringify(stream));
    const place = { domain: 'hub', shard: mailboxShardOf('b') };
    const store = (from: string): ReturnType<Bus['connection']['request']> =>
      ask(subjects.mail('at-least-once', place, 'normal', 'default', 'b', from), '1');
    await expect(store('boss')).rejects.toThrow(/permission/i);
    expect((await store('a')).json()).toMatchObject({ seq: 1 });
    const info = await ask(`$JS.API.STREAM.INFO.${streams.mailbox}`, '');
    expect(info.json()).toMatchObject({ state: { messages: 1 } });
    await swarm.close();
  } finally {
    await guarded.stop();
  }
});
