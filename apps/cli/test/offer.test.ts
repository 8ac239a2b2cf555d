import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_COMMUNICATOR_URL: peer.url } });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

const ID = 'o-0198c2d3e4f5';
const offer = {
  ...{ id: ID, namespace: 'default', lender: 'a', region: 'eu-west', state: 'claimed', pricePerHour: 3 },
  ...{ resources: { cpu: 4, gpu: { a100: 1 } }, expiresAt: '2999-01-02T03:04:05.000Z' },
  claim: { borrower: 'b', token: 17, until: '2999-01-02T03:04:05.000Z' },
};
const proposal = {
  ...{
    id: 'p-0198c2d3e4f5',
    namespace: 'default',
    proposer: 'planner',
    question: 'Which plan?',
    rule: 'majority',
  },
  ...{ members: ['x', 'y', 'z'], choices: ['a', 'b'], quorum: 1, closesAt: '2999-01-02T03:04:05.000Z' },
  ...{ votes: [{ member: 'x', choice: 'a', at: '2026-01-02T03:04:05.000Z' }], state: 'open' },
};
const sent = (): unknown => JSON.parse(peer.seen[0]!.body);

test('an offer is made, listed, claimed, released and withdrawn', async () => {
  peer.json(201, offer);
  const what = ['--lender', 'a', '--region', 'eu-west', '--resource', 'cpu=4', '--resource', 'gpu.a100=1'];
  expect((await run('offer', 'make', ...what, '--price', '3', '--ttl', '2h')).out).toBe(`${ID}\n`);
  expect(sent()).toEqual({
    ...{ lender: 'a', region: 'eu-west', resources: { cpu: 4, gpu: { a100: 1 } } },
    ...{ pricePerHour: 3, ttlMs: 7_200_000 },
  });
  expect(await run('offer', 'make', '--lender', 'a', '--region', 'r')).toMatchObject({ code: 2 });

  peer.json(200, { items: [offer] });
  const listed = await run('offer', 'list', '--state', 'claimed', '--max-price', '5', '--namespace', 'shop');
  expect(listed.out).toMatch(/o-0198c2d3e4f5\s+a\s+eu-west\s+cpu=4,gpu.a100=1\s+\S*3\S*\s+claimed\s+b/);
  expect(peer.seen[0]).toMatchObject({
    ...{ path: '/v1/offers', query: { state: 'claimed', maxPrice: '5', namespace: 'shop' } },
  });

  peer.json(200, offer);
  const claimed = await run('offer', 'claim', ID, '--borrower', 'b', '--ttl', '30m', '--claim', 'c1');
  expect([claimed.code, claimed.out]).toEqual([0, '17\n']);
  expect(claimed.err).toContain('it ends in');
  expect(sent()).toEqual({ borrower: 'b', claim: 'c1', ttlMs: 1_800_000 });

  peer.json(200, { ...offer, state: 'open' });
  expect((await run('offer', 'release', ID, '--borrower', 'b', '--token', '17')).err).toBe(
    `released ${ID}\n`,
  );
  expect([peer.seen[0]!.path, sent()]).toEqual([`/v1/offers/${ID}/release`, { borrower: 'b', token: 17 }]);

  peer.json(200, offer);
  expect((await run('offer', 'withdraw', ID, '--lender', 'a')).err).toContain('b has it for');
});

test('what somebody else was quicker to claim ends with exit 5', async () => {
  peer.answerWith((_request, response) =>
    sendJson(response, 409, { code: 'offer-taken', title: 't', detail: '"c" has claimed it' }),
  );
  const { code, err } = await run('offer', 'claim', ID, '--borrower', 'b');
  expect([code, err]).toEqual([5, expect.stringContaining('"c" has claimed it')]);
});

test('offers are watched', async () => {
  peer.answerWith((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: put\ndata: ${JSON.stringify(offer)}\n\nevent: synced\ndata: {}\n\n`);
    response.write(
      `event: delete\ndata: ${JSON.stringify({ ...offer, state: 'ended', claim: undefined })}\n\n`,
    );
  });
  const { out } = await run('offer', 'watch', '--timeout', '300ms');
  expect(out.split('\n')).toEqual([
    expect.stringMatching(/^\+ o-0198c2d3e4f5 a cpu=4,gpu.a100=1 \S*3\S*\/h claimed by b$/),
    expect.stringMatching(/^- o-0198c2d3e4f5 .* ended$/),
    '',
  ]);
});

test('a proposal is made, voted on, shown and listed', async () => {
  peer.json(201, proposal);
  const made = await run(
    'proposal',
    'make',
    'Which plan?',
    '--member',
    'x,y,z',
    '--choice',
    'a,b',
    '--ttl',
    '10m',
  );
  expect(made.out).toBe(`${proposal.id}\n`);
  expect(sent()).toEqual({
    ...{
      question: 'Which plan?',
      proposer: 'swarmctl',
      members: ['x', 'y', 'z'],
      choices: ['a', 'b'],
      ttlMs: 600_000,
    },
  });
  expect((await run('proposal', 'make', 'q', '--ttl', '1m')).code).toBe(2);

  peer.json(200, proposal);
  const voted = await run('proposal', 'vote', proposal.id, 'a', '--member', 'x');
  expect(sent()).toEqual({ member: 'x', choice: 'a' });
  expect(voted.out).toContain('votes: a 1, b 0');
  expect(voted.out).toContain('not voted: y, z');
  const decided = { ...proposal, state: 'closed', outcome: 'a' };
  peer.json(200, decided);
  expect((await run('proposal', 'show', proposal.id)).out).toContain('closed: a');

  peer.json(200, { items: [decided], next: null });
  const listed = await run('proposal', 'list', '--member', 'x', '--state', 'closed');
  expect(listed.out).toMatch(/planner\s+closed\s+a\s+1\/3\s+majority\s+-\s+Which plan\?/);
  expect(peer.seen[0]).toMatchObject({ path: '/v1/proposals', query: { member: 'x', state: 'closed' } });
});

test('a lease and a barrier are shown', async () => {
  peer.json(200, {
    name: 'night',
    state: 'held',
    holder: 'a',
    token: 5,
    ttlMs: 1,
    expiresAt: '2999-01-02T03:04:05.000Z',
  });
  expect((await run('lease', 'get', 'night')).out).toMatch(/night\s+held\s+a\s+5/);
  peer.json(200, { name: 'start', parties: 3, round: 2, arrived: ['a', 'b'] });
  expect((await run('barrier', 'get', 'start')).out).toMatch(/start\s+2\s+2\/3\s+a,b/);
});
