import type { PayloadCheck } from '@multiswarm/contracts';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;

beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url, USER: 'dana' } });
  const code = await runCli(['doctor', ...argv], io, '0');
  return { code, out: io.out(), err: io.err() };
}

const finding = {
  ...{ kind: 'count', where: 'ms:{s3}:counts', of: 'assigned', expected: '0', found: '1' },
  ...{ remedy: '-1 is added to the count', repaired: false },
};
const report = (more: object = {}): object => ({
  ...{ shard: 3, run: 'r1', state: 'done', step: 'end', looked: 70, total: 70, epoch: 2, batchSeq: 9 },
  ...{
    repair: false,
    found: 0,
    repaired: 0,
    findings: [],
    skipped: [],
    startedAt: '2030-01-01T00:00:00.000Z',
  },
  ...more,
});

function payloads(counts: Record<string, number> = {}): PayloadCheck {
  return { ...{ payloads: 2, bytes: 9, references: 2, graceMs: 1, counts }, repaired: 0, items: [] };
}

/** One after the other. */
function answers(...replies: readonly (readonly [status: number, body: unknown])[]): void {
  const left = [...replies];
  peer.answerWith((_request, response) => sendJson(response, ...(left.shift() ?? [500, {}])));
}

function asked(): unknown[] {
  return peer.seen.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body) as unknown);
}

test('goes on asking until the run has ended, shows what differs, and fails', async () => {
  answers([200, report({ state: 'running', looked: 10 })], [200, report({ found: 1, findings: [finding] })]);
  const { code, out, err } = await run('--deep', '--shard', '3');
  expect(code).toBe(1);
  expect(out).toMatch(/^SHARD +KIND +OF .*\n +3 +count +assigned +0 +1 +-1 is added to the count\n$/);
  expect(err).toContain('1 shards, 70 records: 1 finding\n');
  expect(asked()).toEqual([
    { repair: false, waitMs: 1_000, requestedBy: 'dana' },
    { repair: false, waitMs: 1_000, requestedBy: 'dana', run: 'r1' },
  ]);
});

test('checks every shard that there is, and says when all is well', async () => {
  answers([200, { items: [{ shard: 3 }], next: null }], [200, report()], [200, payloads()]);
  const { code, out, err } = await run('--deep');
  expect([code, out]).toEqual([0, '']);
  expect(err).toContain('1 shards, 70 records: nothing is wrong\n2 payloads: nothing differs\n');
});

test.each([
  [
    'a payload that is missing',
    [200, payloads({ dangling: 1 })],
    1,
    '2 payloads: dangling 1; 0 of them repaired',
  ],
  [
    'a store that does not answer',
    [503, { status: 503, code: 'payload-store-unavailable', title: '', detail: 'away', retryable: true }],
    0,
    'payloads were not checked: away',
  ],
  [
    'a shard that was set back',
    [409, { status: 409, code: 'repair-refused', title: '', detail: 'nothing is removed', retryable: false }],
    0,
    '70 records: nothing is wrong\npayloads were not checked: nothing is removed',
  ],
] as const)('%s is told', async (_name, answer, exit, told) => {
  answers([200, { items: [{ shard: 3 }], next: null }], [200, report()], answer);
  const { code, err } = await run('--deep');
  expect([code, err]).toEqual([exit, expect.stringContaining(told)]);
});

test('mends only when asked for and agreed to', async () => {
  expect((await run('--deep', '--repair')).code).toBe(2);
  expect((await run('--repair')).code).toBe(2);
  peer.json(200, report({ found: 1, repaired: 1, findings: [{ ...finding, repaired: true }] }));
  const { code, out } = await run(
    '--deep',
    '--repair',
    '--shard',
    '3',
    '--reason',
    'crash',
    '--yes',
    '-o',
    'json',
  );
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ items: [{ shard: 3, repaired: true }], shards: [{ shard: 3 }] });
  expect(asked()).toEqual([{ repair: true, waitMs: 1_000, requestedBy: 'dana', reason: 'crash' }]);
});

test('begins anew where the shard has another owner, and tells what could not be checked', async () => {
  const gone = {
    code: 'check-not-found',
    title: 'No such run of a check',
    detail: 'begin a new one',
    status: 404,
  };
  const skipped = ['scheduler: it has not been told yet what the shard has'];
  answers([200, report({ state: 'running' })], [404, gone], [200, report({ skipped })]);
  const { code, err } = await run('--deep', '--shard', '3');
  expect(code).toBe(0);
  expect(err).toContain('shard 3 was not checked for scheduler: it has not been told yet');
  expect(asked().map((body) => (body as { run?: string }).run)).toEqual([undefined, 'r1', undefined]);
});
