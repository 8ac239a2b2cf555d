import type { Bus } from '@multiswarm/bus';
import { streams } from '@multiswarm/contracts';
import type { MessageHandler, Swarm } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { MailboxOwners } from '../src/adapters/bus/mailbox-owners';
import { World } from './world';

let world: World;
let bus: Bus;
let writer: Swarm;

beforeAll(async () => {
  world = await World.start();
  bus = await world.bus('test');
  await world.replica();
  writer = await world.swarm('writer');
});

afterAll(() => world.stop());

/** Resolves when its mailbox is read. */
async function recipient(id: string, handler: MessageHandler): Promise<void> {
  await world.swarm(id, ({ messages }) => messages.on('work', handler));
  const owners = new MailboxOwners(bus, 'hub');
  await eventually(async () => (await owners.info('default', id)).sessions === 1);
}

const ROUNDS = 3;

test('what is sent without waiting stays in its order while nats-server is killed and started again', async () => {
  const got: number[] = [];
  await recipient('reader', ({ data }) => void got.push(Number(data)));
  const sent: Promise<unknown>[] = [];
  const send = (): void => {
    const n = sent.length;
    sent.push(writer.messages.send({ to: 'reader', kind: 'work', data: n, qos: 'at-least-once' }));
  };
  send();
  await sent[0];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let n = 0; n < 200; n += 1) send();
    await world.nats.kill('SIGKILL');
    for (let n = 0; n < 20; n += 1) send();
    await world.nats.restart();
    // Some are given before the sender knows that there is a server again, some while others are tried again.
    const before = sent.length;
    await eventually(() => {
      for (let n = 0; n < 10; n += 1) send();
      return sent.length > before + 200;
    });
    await Promise.all(sent);
  }
  // At least once: an acknowledgement may have been lost with the server.
  await eventually(() => new Set(got).size === sent.length, { timeoutMs: 15_000 });
  const firsts = [...new Set(got)];
  expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
}, 60_000);

test('where all mailboxes together are full, a sender is told at once, and not that NATS is away', async () => {
  const manage = async (verb: string, body = ''): Promise<{ config?: object }> =>
    (await bus.connection.request(`$JS.API.STREAM.${verb}.${streams.mailbox}`, body)).json();
  await recipient('slow', () => new Promise(() => undefined));
  const send = (): Promise<unknown> =>
    writer.messages.send({ to: 'slow', kind: 'work', data: 'x'.repeat(30_000), qos: 'at-least-once' });
  await send();
  const { config = {} } = await manage('INFO');
  await manage('UPDATE', JSON.stringify({ ...config, max_bytes: 100_000 }));
  const began = performance.now();
  const refused = await Promise.all(
    [send(), send(), send(), send()].map((each) => each.catch((error: unknown) => error)),
  );
  expect(performance.now() - began).toBeLessThan(3_000);
  const full = { code: 'mailbox-full', retryable: true, fill: { depth: 0, limit: 10_000 } };
  expect(refused.slice(-2)).toMatchObject([full, full]);
  expect(String(refused[3])).toContain('MAILBOX_STORE_BYTES');
  await manage('UPDATE', JSON.stringify(config));
  await send();
});
