import type { PayloadCheck, StreamItem, TaskLogs } from '@multiswarm/contracts';
import { LIMITS } from '@multiswarm/contracts';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

const ID = 't0-00000001';
let peer: HttpPeer;

beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url } });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

const at = Date.parse('2024-06-01T12:00:00.250Z');
const items: StreamItem[] = [
  { attempt: 1, seq: 1, until: 4, at, kind: 'gap' },
  { attempt: 1, seq: 5, at, kind: 'log', level: 'warn', message: 'slow', fields: { ms: 900 }, stale: true },
  { attempt: 2, seq: 1, at, kind: 'output', output: 'a part' },
  { attempt: 2, seq: 2, at, kind: 'progress', fraction: 0.5, message: 'half' },
];
const page = (given: Partial<TaskLogs> = {}): TaskLogs => ({
  ...{ items: [], next: '2-9-2', ended: false, state: 'running' },
  ...given,
});

/** One answer after the other; the last one again and again. */
function answers(...pages: TaskLogs[]): void {
  let asked = 0;
  peer.answerWith((_request, response) => {
    sendJson(response, 200, pages[Math.min(asked++, pages.length - 1)]);
  });
}

describe('task logs', () => {
  test('prints what was said until now, and where to go on', async () => {
    answers(page({ items }), page());
    const { code, out, err } = await run('task', 'logs', ID);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        '12:00:00.250  #1  gap       entries 1 to 4 are lost',
        '12:00:00.250  #1  warn      slow  ms=900  (stale)',
        '12:00:00.250  #2  output    a part',
        '12:00:00.250  #2  progress  50 % half',
        '',
      ].join('\n'),
    );
    expect(err).toBe('running; more with --since 2-9-2\n');
    expect(peer.seen.map(({ path, query }) => [path, query['after'], query['waitMs']])).toEqual([
      [`/v1/tasks/${ID}/logs`, undefined, undefined],
      [`/v1/tasks/${ID}/logs`, '2-9-2', undefined],
    ]);
  });

  test('--follow waits for more until the end, of one attempt where it is asked for', async () => {
    answers(page({ items: items.slice(2) }), page(), page({ ended: true, state: 'succeeded' }));
    const { code, out, err } = await run('task', 'logs', ID, '--follow', '--attempt', '2', '-o', 'jsonl');
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(items.slice(2));
    expect(err).toBe('');
    expect(peer.seen.map(({ query }) => query['attempt'])).toEqual(['2', '2', '2']);
    expect(Number(peer.seen[1]?.query['waitMs'])).toBeGreaterThan(0);
  });
});

test.each([
  ['succeeded', 0],
  ['failed', 1],
] as const)(
  'task watch tells states and what is said, and ends with the task: %s is exit %i',
  async (state, exit) => {
    answers(page({ items: items.slice(2, 3) }), page({ ended: true, state }));
    const { code, out } = await run('task', 'watch', ID);
    expect(code).toBe(exit);
    expect(out).toBe(`12:00:00.250  #2  output    a part\n${ID}  running\n${ID}  ${state}\n`);
  },
);

test('task output writes the value as it came', async () => {
  peer.answerWith((_request, response) => void response.writeHead(200).end('{"text":"grüße"}'));
  expect(await run('task', 'output', ID)).toMatchObject({ code: 0, out: '{"text":"grüße"}\n' });
  expect(await run('task', 'output', ID, '--input')).toMatchObject({ code: 0 });
  expect(peer.seen.map(({ path }) => path)).toEqual([`/v1/tasks/${ID}/output`, `/v1/tasks/${ID}/input`]);
});

test('task submit stores an input that no request takes, and refers to it', async () => {
  const ref = { id: `shop.${'0'.repeat(64)}`, bytes: LIMITS.HTTP_BODY_BYTES };
  peer.answerWith(({ path }, response) => {
    if (path === '/v1/payloads') sendJson(response, 201, ref);
    else sendJson(response, 202, { id: ID, state: 'queued', duplicate: false });
  });
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url }, stdin: 'x'.repeat(LIMITS.HTTP_BODY_BYTES) });
  const argv = ['task', 'submit', 'import', '--namespace', 'shop', '--input-text', '-'];
  expect(await runCli(argv, io, '0')).toBe(0);
  expect(peer.seen.map(({ path, search }) => path + search)).toEqual([
    '/v1/payloads?namespace=shop',
    '/v1/tasks',
  ]);
  expect(JSON.parse(peer.seen[1]?.body ?? '')).toMatchObject({ type: 'import', inputRef: ref });
});

describe('payload check', () => {
  const clean: PayloadCheck = {
    ...{ payloads: 2, bytes: 3 * 1024 * 1024, references: 3, graceMs: 3_600_000 },
    ...{ counts: {}, repaired: 0, items: [] },
  };
  const faulty: PayloadCheck = {
    ...clean,
    counts: { orphan: 1 },
    items: [{ kind: 'orphan', payload: 'default.abc', bytes: 1024, ageMs: 7_200_000, repaired: false }],
  };

  test('is exit 0 where nothing is wrong', async () => {
    peer.json(200, clean);
    const { code, out } = await run('payload', 'check');
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^stored +2 payloads, 3\.0 MiB\n[^]*faults +none\n$/),
    ]);
  });

  test('names each fault, and is exit 1', async () => {
    peer.json(200, faulty);
    const { code, out } = await run('payload', 'check');
    expect(code).toBe(1);
    expect(out).toMatch(/faults +orphan 1\n\nFAULT .*\norphan +default\.abc +1\.0 KiB +2h 00m\n$/);
  });

  test('repairs only after a yes, and is exit 0 where all was repaired', async () => {
    peer.json(200, {
      ...faulty,
      repaired: 1,
      items: faulty.items.map((item) => ({ ...item, repaired: true })),
    });
    expect((await run('payload', 'check', '--repair', '--no-input')).code).toBe(2);
    expect(peer.seen).toEqual([]);
    const { code, out } = await run('payload', 'check', '--repair', '--yes', '--limit', '5');
    expect([code, out]).toEqual([0, expect.stringContaining('removed')]);
    expect(JSON.parse(peer.seen[0]?.body ?? '')).toEqual({ repair: true, limit: 5 });
  });
});
