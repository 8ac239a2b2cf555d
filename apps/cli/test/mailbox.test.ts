import { runCli } from '../src/cli';
import { HttpPeer } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(argv: string[]): Promise<{ code: number; out: string }> {
  const io = memoryIo({ env: { MULTISWARM_COMMUNICATOR_URL: peer.url } });
  return { code: await runCli(['mailbox', ...argv], io, '0'), out: io.out() };
}

const mailbox = {
  ...{ namespace: 'shop', mailbox: 'eu-west-1', shard: 3, depth: 7, inHand: 2, bytes: 2048, limit: 100 },
  ...{ sessions: 1, breaker: 'closed' },
};

test('list and get show how full mailboxes are, and who reads them', async () => {
  peer.json(200, { mailboxes: [mailbox] });
  expect((await run(['list', '--namespace', 'shop'])).out).toMatch(/eu-west-1 +7\/100 +2 .* 1 +closed/);
  expect(peer.seen[0]).toMatchObject({ path: '/v1/mailboxes', query: { namespace: 'shop' } });
  peer.json(200, mailbox);
  expect((await run(['get', 'eu-west-1'])).out).toContain('7/100');
  expect(peer.seen[0]).toMatchObject({ path: '/v1/mailboxes/eu-west-1' });
});
