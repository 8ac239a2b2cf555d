import { runCli } from '../src/cli';
import { HttpPeer } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(argv: string[], stdin = ''): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_COMMUNICATOR_URL: peer.url }, stdin });
  const code = await runCli(['topic', ...argv], io, '0');
  return { code, out: io.out(), err: io.err() };
}

test('publish sends what it is given, and prints the sequence, or the id of what is not stored', async () => {
  const published = { id: 'e-1', topic: 'orders.eu', qos: 'at-least-once', duplicate: false };
  peer.json(202, { ...published, seq: 12 });
  const { code, out } = await run(
    ['publish', 'orders.eu', '-', '--namespace', 'shop', '--id', 'o-1'],
    '{"id":7}',
  );
  expect([code, out]).toEqual([0, '12\n']);
  expect(peer.seen[0]).toMatchObject({ method: 'POST', path: '/v1/topics/orders.eu' });
  expect(JSON.parse(peer.seen[0]!.body)).toEqual({
    ...{ from: 'swarmctl', data: { id: 7 }, namespace: 'shop', id: 'o-1', qos: 'at-least-once' },
  });
  peer.json(202, { ...published, qos: 'at-most-once' });
  expect((await run(['publish', 'orders.eu', '1', '--at-most-once'])).out).toBe('e-1\n');
});

const subscription = {
  ...{ id: 's-0198c2aa0198c2aa0198c2aa', namespace: 'shop', pattern: 'orders.>', mailbox: 'billing' },
  ...{ createdAt: '2026-01-02T03:04:05.678Z', behind: true, next: 13 },
};

test('a mailbox subscribes, is listed with how far it is, and is ended', async () => {
  peer.json(201, subscription);
  const made = await run(['subscribe', 'orders.>', 'billing', '--namespace', 'shop', '--from', '7']);
  expect([made.code, made.out]).toEqual([0, `${subscription.id}\n`]);
  expect(peer.seen[0]).toMatchObject({ method: 'POST', path: '/v1/topic-subscriptions' });
  expect(JSON.parse(peer.seen[0]!.body)).toEqual({
    ...{ pattern: 'orders.>', mailbox: 'billing', namespace: 'shop', from: '7' },
  });
  peer.json(200, { items: [subscription] });
  expect((await run(['subscriptions', '--namespace', 'shop'])).out).toMatch(
    /s-0198\w+ +orders\.> +billing +at 13/,
  );
  peer.json(200, subscription);
  const ended = await run(['unsubscribe', subscription.id, '--namespace', 'shop']);
  expect([ended.code, ended.out]).toEqual([0, 'billing gets no more of orders.>\n']);
  expect(peer.seen[0]).toMatchObject({
    ...{ method: 'DELETE', path: `/v1/topic-subscriptions/${subscription.id}`, query: { namespace: 'shop' } },
  });
});
