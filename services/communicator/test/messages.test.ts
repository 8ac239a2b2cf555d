import { PassThrough } from 'node:stream';
import { LIMITS, MessageStatus, MultiswarmError, subjects } from '@multiswarm/contracts';
import type { Bus } from '@multiswarm/bus';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import { FakeSwarm } from './fake-swarm';
import { World, type Replica } from './world';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let world: World;
let swarms: FakeSwarm[];
let client: Bus;

beforeEach(async () => {
  world = await World.start();
  client = await world.bus('swarms');
  swarms = [];
});

afterEach(async () => {
  swarms.forEach((swarm) => swarm.stop());
  await world.stop();
});

async function join(...ids: string[]): Promise<FakeSwarm[]> {
  const joined = ids.map((id) => new FakeSwarm(client, id));
  swarms.push(...joined);
  joined.forEach((swarm) => swarm.beat());
  await client.rttMs();
  return joined;
}

const send = (submission: object, traceparent = TRACE, as?: string): Promise<MessageStatus> => {
  const { from = '' } = submission as { from?: string };
  const subject = subjects.messageSend('default', as ?? from.replaceAll('.', '_'));
  return client.request(subject, submission, { reply: MessageStatus, traceparent });
};
const find = (id: string): Promise<MessageStatus> =>
  client.request(subjects.messageGet(), { id }, { reply: MessageStatus });

async function refused(sending: Promise<unknown>): Promise<MultiswarmError> {
  const error = await sending.then(
    () => undefined,
    (fault: unknown) => fault,
  );
  if (!(error instanceof MultiswarmError)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

/** A message from the same sender arrives after everything it sent before, so what is not there by then never comes. */
async function settled(from: string, recipient: FakeSwarm): Promise<void> {
  const { id } = await send({ from, to: recipient.id, kind: 'marker' });
  await eventually(() => recipient.mail.some(({ message }) => message.id === id));
}

async function messagesSent({ telemetry }: Replica): Promise<number> {
  const counts = (await telemetry.prometheus()).matchAll(/^multiswarm_messages_sent_total\{.*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

const kindsOf = ({ mail }: FakeSwarm): string[] =>
  mail.map(({ message }) => message.kind).filter((kind) => kind !== 'marker');

test('a direct message reaches its recipient, and nobody else, in the CloudEvents envelope', async () => {
  await world.replica();
  const [a, b, c] = (await join('a', 'b', 'c')) as [FakeSwarm, FakeSwarm, FakeSwarm];
  const status = await send({
    from: 'a',
    to: 'b',
    kind: 'status-update',
    data: { load: 0.4 },
    priority: 'high',
    ttlMs: 5_000,
  });
  expect(status).toMatchObject({
    from: 'a',
    to: 'b',
    status: 'published',
    recipients: ['b'],
    recipientCount: 1,
  });

  const mail = await eventually(() => b.mail[0]);
  expect(mail.message).toMatchObject({
    id: status.id,
    kind: 'status-update',
    data: { load: 0.4 },
    traceparent: TRACE,
  });
  expect(Date.parse(mail.message.expiresAt ?? '') - Date.parse(mail.message.sentAt)).toBe(5_000);
  expect(mail.headers).toMatchObject({
    'ce-specversion': '1.0',
    'ce-id': status.id,
    'ce-source': '/swarms/a',
    'ce-type': 'multiswarm.message.status-update',
    'ce-time': mail.message.sentAt,
    'ce-expirytime': mail.message.expiresAt,
    traceparent: TRACE,
  });
  expect(mail.subject).toMatch(/^ms\.v1\.msg\.at-most-once\.hub\.\d+\.high\.default\.b\.a$/);
  await Promise.all([settled('a', a), settled('a', c)]);
  expect([a, b, c].map(kindsOf)).toEqual([[], ['status-update'], []]);
});

test('a broadcast reaches everyone once, and counts everyone but its sender', async () => {
  await world.replica();
  const all = await join('a', 'b', 'c');
  const status = await send({ from: 'b', to: '*', kind: 'note' });
  expect(status).toMatchObject({ to: '*', status: 'published', recipients: ['a', 'c'], recipientCount: 2 });
  await Promise.all(all.map((swarm) => settled('b', swarm)));
  const heard = all.filter(({ id }) => id !== 'b').map(kindsOf);
  expect(heard).toEqual([['note'], ['note']]);
});

test('a broadcast with nobody else there says so', async () => {
  await world.replica();
  await join('a');
  expect(await send({ from: 'a', to: '*', kind: 'note' })).toMatchObject({
    status: 'no-recipient',
    recipients: [],
    recipientCount: 0,
  });
});

test('one of two replicas takes a message, and the other one knows what became of it', async () => {
  const replicas = [await world.replica(), await world.replica()];
  const [, b] = (await join('a', 'b')) as [FakeSwarm, FakeSwarm];
  const sent = await Promise.all(
    Array.from({ length: 40 }, () => send({ from: 'a', to: 'b', kind: 'note' })),
  );
  await settled('a', b);
  await eventually(() => kindsOf(b).length >= sent.length);
  expect(new Set(b.mail.map(({ message }) => message.id)).size).toBe(b.mail.length);
  // Each of the two must know all of them: the other one no longer listens.
  const [first, second] = replicas as [Replica, Replica];
  await first.communicator.stop();
  await first.bus.rttMs();
  expect(await Promise.all(sent.map(({ id }) => find(id)))).toEqual(sent);
  const takenByTheOther = await messagesSent(first);
  expect(takenByTheOther).toBeGreaterThan(0);
  expect(await messagesSent(second)).toBe(sent.length + 1 - takenByTheOther);
});

test('a replica that starts later learns who is there by asking', async () => {
  await join('a', 'b');
  await world.replica();
  expect(await send({ from: 'a', to: 'b', kind: 'note' })).toMatchObject({ status: 'published' });
});

test('a swarm that says goodbye gets no more messages', async () => {
  await world.replica();
  const [, b] = (await join('a', 'b')) as [FakeSwarm, FakeSwarm];
  b.beat('stopped');
  const error = await refused(send({ from: 'a', to: 'b', kind: 'note' }));
  expect(error.code).toBe('recipient-unknown');
});

test('a swarm that stops heartbeating is refused as a recipient after three intervals', async () => {
  await world.replica();
  await join('a');
  const brief = new FakeSwarm(client, 'brief', 20);
  swarms.push(brief);
  brief.beat();
  const error = await eventually(() =>
    send({ from: 'a', to: 'brief', kind: 'note' }).then(
      () => undefined,
      (fault: unknown) => fault,
    ),
  );
  expect(error).toMatchObject({
    code: 'recipient-unknown',
    message: expect.stringContaining('"brief" is down'),
  });
});

test('what cannot be delivered or promised is refused, with the reason', async () => {
  await world.replica();
  const [, b] = (await join('a', 'us-east-1')) as [FakeSwarm, FakeSwarm];
  const cases: [object, string, string][] = [
    [{ from: 'a', to: 'us-eats-1', kind: 'note' }, 'recipient-unknown', 'connected are "us-east-1"'],
    [{ from: 'nobody', to: 'us-east-1', kind: 'note' }, 'swarm-not-found', 'the sender "nobody"'],
    [{ from: 'a', to: 'us-eats-1', kind: 'note', qos: 'at-least-once' }, 'recipient-unknown', 'us-east-1'],
    [
      { from: 'a', to: 'us-east-1', kind: 'note', data: 'x'.repeat(LIMITS.MESSAGE_BYTES) },
      'payload-store-unavailable',
      'JetStream',
    ],
    [
      { from: 'a', to: 'us-east-1', kind: 'note', colour: 'red' },
      'invalid-request',
      'unknown field "colour"',
    ],
    [{ from: 'a.b', to: 'us-*', ttlMs: 0 }, 'invalid-request', '/from'],
    [
      { from: 'a', to: 'us-east-1', kind: 'note', ttlMs: Number.MAX_SAFE_INTEGER },
      'invalid-request',
      'ten years',
    ],
  ];
  for (const [submission, code, text] of cases) {
    const error = await refused(send(submission));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(text)]);
  }
  const forged = { code: 'forged-sender', retryable: false };
  expect(await refused(send({ from: 'a', to: 'us-east-1', kind: 'note' }, TRACE, 'us-east-1'))).toMatchObject(
    forged,
  );
  const elsewhere = { from: 'a', to: 'us-east-1', kind: 'note', namespace: 'other' };
  expect(await refused(send(elsewhere))).toMatchObject(forged);
  await settled('a', b);
  expect(kindsOf(b)).toEqual([]);
});

test('all faults of a message are listed at once, with their places', async () => {
  await world.replica();
  const error = await refused(send({ from: 'a.b', to: 'b c', kind: '', ttlMs: 0, extra: 1 }));
  const pointers = new Set(error.findings.map(({ pointer }) => pointer));
  expect(pointers).toEqual(new Set(['/from', '/to', '/kind', '/ttlMs', '/extra']));
});

test('switched off, the communicator relays nothing and names the setting', async () => {
  await world.replica({ crossSwarm: false });
  await join('a', 'b');
  const error = await refused(send({ from: 'a', to: 'b', kind: 'note' }));
  expect([error.code, error.message]).toEqual([
    'feature-not-available',
    expect.stringContaining('CROSS_SWARM_COMMUNICATION=false'),
  ]);
});

test('after NATS was away, swarms that are still there can be written to at once', async () => {
  await world.replica();
  const [, b] = (await join('a', 'b')) as [FakeSwarm, FakeSwarm];
  await world.nats.kill('SIGKILL');
  await eventually(() => !client.connected);
  expect((await refused(send({ from: 'a', to: 'b', kind: 'note' }))).code).toBe('bus-unavailable');
  await world.nats.restart();
  await eventually(() => send({ from: 'a', to: 'b', kind: 'note' }));
  await eventually(() => kindsOf(b).includes('note'));
});

test('a message that was never sent is not found', async () => {
  await world.replica();
  expect((await refused(find('m-00000000deadbeef'))).code).toBe('message-not-found');
  expect((await refused(find('nonsense'))).code).toBe('invalid-request');
});

test('each message leaves a line with the trace id of its sender', async () => {
  const stream = new PassThrough();
  stream.setEncoding('utf8');
  let log = '';
  stream.on('data', (chunk: string) => (log += chunk));
  await world.replica({ logger: createLogger({ service: 'communicator', level: 'debug', stream }) });
  await join('a', 'b');
  const { id } = await send({ from: 'a', to: 'b', kind: 'note' });
  const line = await eventually(() => log.split('\n').find((text) => text.includes(id)));
  expect(JSON.parse(line)).toMatchObject({
    service: 'communicator',
    message: 'message sent',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    messageId: id,
    from: 'a',
    to: 'b',
  });
});

test('messages are counted by kind and result, kinds of the user\'s own as "other"', async () => {
  const { telemetry } = await world.replica();
  await join('a', 'b');
  await send({ from: 'a', to: 'b', kind: 'status-update' });
  await send({ from: 'a', to: 'b', kind: 'my-own-kind' });
  await refused(send({ from: 'a', to: 'c', kind: 'status-update' }));
  const text = await telemetry.prometheus();
  expect(text).toContain('multiswarm_messages_sent_total{kind="status-update",result="published"} 1');
  expect(text).toContain('multiswarm_messages_sent_total{kind="other",result="published"} 1');
  expect(text).toContain('multiswarm_messages_sent_total{kind="status-update",result="recipient-unknown"} 1');
});

test('the communicator can be discovered on NATS', async () => {
  await world.replica();
  const seen = await client.services(200);
  expect(seen).toEqual([expect.objectContaining({ name: 'communicator', version: '1' })]);
});
