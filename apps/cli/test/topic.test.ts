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
