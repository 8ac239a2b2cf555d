import { MultiswarmError } from '@multiswarm/contracts';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_COMMUNICATOR_URL: peer.url, USER: 'dana' } });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

const sent = (): { path: string; body: unknown }[] =>
  peer.seen.map(({ path, body }) => ({ path, body: body === '' ? undefined : JSON.parse(body) }));

const status = {
  ...{
    id: 'm-00000001',
    from: 'swarmctl',
    to: 'eu-1',
    kind: 'review',
    qos: 'at-least-once',
    status: 'stored',
  },
  ...{ recipients: ['eu-1'], recipientCount: 1, acceptedAt: new Date(0).toISOString() },
};
const message = {
  ...{
    id: 'm-00000001',
    from: 'operator',
    to: 'eu-1',
    kind: 'review',
    data: { plan: 7 },
    namespace: 'default',
  },
  ...{ priority: 'normal', qos: 'at-least-once', sentAt: new Date(0).toISOString(), attempt: 2 },
};

test('send takes data and conditions, and tells what became of the message', async () => {
  peer.json(202, status);
  const { code, out } = await run(
    ...['message', 'send', 'eu-1', 'review', '{"plan":7}', '--ttl', '10m', '--priority', 'high'],
  );
  expect([code, out]).toEqual([0, expect.stringMatching(/m-00000001 +stored +eu-1 +1 +at-least-once/)]);
  expect(sent()).toEqual([
    {
      path: '/v1/messages',
      body: {
        ...{ to: 'eu-1', kind: 'review', data: { plan: 7 }, from: 'swarmctl', qos: 'at-least-once' },
        ...{ ttlMs: 600_000, priority: 'high' },
      },
    },
  ]);
  peer.json(202, {
    ...{ ...status, to: '*', status: 'partly-stored', recipientCount: 4, refusedCount: 1 },
    refused: [
      { to: 'eu-2', code: 'mailbox-full', detail: 'holds 9 of 9', retryable: true, depth: 9, limit: 9 },
    ],
  });
  const partly = await run('message', 'send', '*', 'review', '{}');
  expect([partly.code, partly.out]).toEqual([7, expect.stringMatching(/m-00000001 +partly-stored/)]);
  expect(partly.err).toContain('not stored for eu-2: mailbox-full: holds 9 of 9');
  expect(partly.err).toContain('1 of 5 recipients have not got it: --id m-00000001 sends it again');
  peer.json(202, { ...status, breaker: 'open' });
  const failing = await run('message', 'send', 'eu-1', 'review', '{}');
  expect([failing.code, failing.err]).toEqual([
    0,
    expect.stringContaining('eu-1 keep failing (breaker open)'),
  ]);
  const wrong = await run('message', 'send', 'eu-1', 'review', '{plan');
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--data is not valid JSON')]);
  const full = new MultiswarmError('mailbox-full', 'holds 4 of 4', { fill: { depth: 4, limit: 4 } });
  peer.json(429, full.toProblem());
  expect(await run('message', 'send', 'eu-1', 'review')).toMatchObject({
    ...{ code: 7, err: expect.stringContaining('holds 4 of 4') as string },
  });
});

test('pull prints what was taken, and acknowledges it when told to', async () => {
  peer.answerWith(({ path }, response) =>
    sendJson(
      response,
      200,
      path.endsWith('/pull')
        ? { messages: [{ seq: 17, message }], ackWaitMs: 30_000, depth: 3 }
        : { unknown: [] },
    ),
  );
  const pulled = await run('message', 'pull', 'eu-1', '--most', '5', '--wait', '20s', '--ack');
  expect(pulled).toMatchObject({
    code: 0,
    out: expect.stringMatching(/17 +operator +review +2 .*\{"plan":7\}/) as string,
  });
  expect(sent()).toEqual([
    { path: '/v1/mailboxes/eu-1/pull', body: { reader: 'swarmctl', most: 5, waitMs: 20_000 } },
    { path: '/v1/mailboxes/eu-1/ack', body: { reader: 'swarmctl', seqs: [17] } },
  ]);
  const json = JSON.parse((await run('message', 'pull', 'eu-1', '-o', 'json')).out) as unknown;
  expect(json).toEqual({ items: [{ seq: 17, message }], next: null, depth: 3, ackWaitMs: 30_000 });
});

test('ack, extend, release and nak settle by numbers, and tell which are unknown', async () => {
  peer.json(200, { unknown: [18] });
  expect(await run('message', 'ack', 'eu-1', '17', '18')).toEqual({
    ...{ code: 0, out: '', err: 'acknowledged 1, unknown 1: 18\n' },
  });
  expect(await run('message', 'extend', 'eu-1', '18')).toMatchObject({ code: 3 });
  expect(await run('message', 'release', 'eu-1', '18', '-o', 'json')).toMatchObject({
    ...{ code: 3, out: expect.stringContaining('"unknown"') as string },
  });
  await run('message', 'nak', 'eu-1', '17', '--delay', '5m', '--reason', 'closed', '--poison');
  expect(sent().map(({ body }) => body)).toEqual([
    { reader: 'swarmctl', seqs: [17, 18] },
    { reader: 'swarmctl', seqs: [18] },
    { reader: 'swarmctl', seqs: [18] },
    { reader: 'swarmctl', naks: [{ seq: 17, message: 'closed', delayMs: 300_000, poison: true }] },
  ]);
  expect(await run('message', 'ack', 'eu-1', 'first')).toMatchObject({ code: 2 });
});

const dead = {
  ...{
    seq: 17,
    storedSeq: 3,
    id: 'm-00000001',
    namespace: 'default',
    from: 'operator',
    to: 'eu-1',
    kind: 'review',
  },
  ...{ priority: 'normal', qos: 'at-least-once', diedAt: new Date(0).toISOString(), cause: 'no-handler' },
  ...{ message: 'nobody handles "review"', attempts: 5, redrives: 0, bytes: 10 },
};

test('dead messages are listed with counts, and shown with what they say', async () => {
  const counts = {
    ...{ total: 2, complete: true },
    byCause: [{ name: 'no-handler', count: 2 }],
    byRecipient: [{ name: 'eu-1', count: 2 }],
  };
  peer.json(200, { items: [dead], next: null, counts });
  const { out, err } = await run('dead-message', 'list', '--to', 'eu-1', '--cause', 'no-handler');
  expect(out).toMatch(/17 +eu-1 +operator +review +no-handler +5 /);
  expect(err).toBe('2 in all; by cause: no-handler 2; by recipient: eu-1 2\n');
  expect(peer.seen[0]?.query).toEqual({ to: 'eu-1', cause: 'no-handler' });
  peer.json(200, { ...dead, data: { plan: 7 }, notRedrivable: 'its body is not JSON' });
  expect((await run('dead-message', 'show', '17')).out).toMatch(
    /not possible: its body is not JSON[^]*"plan": 7/,
  );
});

test('dead messages are redriven and purged: one at once, several after a yes, or only in thought', async () => {
  const reply = {
    ...{ dryRun: false, done: 1, unchanged: 0, refused: 0, next: null },
    items: [{ seq: 17, id: 'm-00000001', outcome: 'redriven', newId: 'm-00000002' }],
  };
  peer.json(200, reply);
  expect(await run('dead-message', 'redrive', '17', '--reason', 'mended')).toMatchObject({
    ...{ code: 0, out: expect.stringMatching(/17 +m-00000001 +redriven/) as string },
    err: 'redriven: 1, unchanged 0, refused 0\n',
  });
  expect(sent()).toEqual([
    {
      path: '/v1/dead-messages/redrive',
      body: { seqs: [17], reason: 'mended', requestedBy: 'dana', dryRun: false },
    },
  ]);
  peer.json(200, { ...reply, dryRun: true });
  expect((await run('dead-message', 'purge', '--all', '--dry-run')).err).toContain('would be purged: 1');
  expect(await run('dead-message', 'purge', '--all')).toMatchObject({ code: 2 });
  expect((await run('dead-message', 'redrive')).err).toContain('which ones?');
  expect((await run('dead-message', 'redrive', '1', '--all')).err).toContain('exclude each other');
});

test('watch shows a mailbox until it is interrupted', async () => {
  const box = {
    ...{ namespace: 'default', mailbox: 'eu-1', shard: 3, depth: 7, inHand: 2, bytes: 2048, limit: 100 },
    ...{ sessions: 1, breaker: 'closed' },
  };
  peer.json(200, box);
  const { code, out } = await run('mailbox', 'watch', 'eu-1', '--timeout', '1ms');
  expect([code, out]).toEqual([6, expect.stringContaining('7/100')]);
});

test('metrics show how links do, and what did not answer', async () => {
  const counts = {
    ...{ delivered: 20, bytes: 4_096, forwarded: 0, failedTries: 2, dead: 1, expired: 0, breakerOpenings: 0 },
    ...{ messagesPerSecond: 1.5, bandwidthBytesPerSecond: 2_048, latencyMs: { p50: 4, p90: 9, p99: 30 } },
  };
  const link = { ...counts, namespace: 'default', from: 'operator', to: 'eu-1', breaker: 'open' };
  const since = new Date(0).toISOString();
  peer.json(200, {
    ...counts,
    since,
    unanswered: [3],
    linkCount: 2,
    links: [link],
    other: { ...counts, delivered: 0, dead: 0 },
  });
  const { code, out, err } = await run('message', 'metrics', '--to', 'eu-1');
  expect(code).toBe(0);
  expect(out).toContain('p50 4 ms, p90 9 ms, p99 30 ms');
  expect(out).toMatch(/operator +eu-1 +1\.5 .* 4 ms +30 ms +20 +2 +1 +open\nand 1 more/);
  expect(err).toContain('without the mailbox shards 3');
  expect(peer.seen[0]).toMatchObject({ path: '/v1/communication/metrics', query: { to: 'eu-1' } });
});
