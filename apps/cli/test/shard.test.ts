import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
let dir: string;

beforeAll(async () => {
  peer = await HttpPeer.start();
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shard-'));
});
afterEach(() => rm(dir, { recursive: true }));
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url, USER: 'dana' } });
  const code = await runCli(['shard', ...argv], io, '0');
  return { code, out: io.out(), err: io.err() };
}

function answers(...replies: readonly (readonly [status: number, body: unknown])[]): void {
  const left = [...replies];
  peer.answerWith((_request, response) => sendJson(response, ...(left.shift() ?? [500, {}])));
}

const asked = (): unknown[] =>
  peer.seen
    .filter(({ method }) => method === 'POST')
    .map(({ path, body }) => [path, JSON.parse(body) as unknown]);

const HEAD = {
  ...{ format: 'multiswarm-shard', v: 1, shards: 16, shard: 3, epoch: 7, attemptBase: 0 },
  exportedAt: '2030-01-01T00:00:00.000Z',
};
const TASK = { task: 't3-00000001', spec: { spec: { type: 'echo', input: 'é' } } };
const END = { end: true, batchSeq: 9, tasks: 1, runs: 0, counts: { queued: 1 } };
const file = (): string => join(dir, 's.jsonl');

/** As the server sends it, in two parts. */
async function exportIt(): Promise<{ code: number; err: string }> {
  answers(
    [200, { run: 'r', seq: 0, lines: [HEAD, TASK], done: false }],
    [200, { run: 'r', seq: 1, lines: [END], done: true }],
  );
  return run('export', '3', '--file', file());
}

test('an export is a file of lines with a checksum, which appears when it is whole', async () => {
  expect(await exportIt()).toMatchObject({ code: 0 });
  expect(asked()).toEqual([
    ['/v1/shards/3/export', { seq: 0 }],
    ['/v1/shards/3/export', { run: 'r', seq: 1 }],
  ]);
  const lines = (await readFile(file(), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines.slice(0, 3)).toEqual([HEAD, TASK, END]);
  expect(lines[3]).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
});

test('an export that fails leaves no file; one whose shard changed hands begins anew', async () => {
  answers([200, { run: 'r', seq: 0, lines: [HEAD], done: false }], [503, {}]);
  expect((await run('export', '3', '--file', file())).code).toBe(7);
  expect(await readdir(dir)).toEqual([]);
  const gone = { code: 'copy-not-found', title: 'x', detail: 'begin a new one', status: 404 };
  answers(
    [200, { run: 'r', seq: 0, lines: [HEAD], done: false }],
    [404, gone],
    [200, { run: 'q', seq: 0, lines: [HEAD, TASK, END], done: true }],
  );
  expect((await run('export', '3', '--file', file())).code).toBe(0);
});

test('an import waits until the shard is taken anew, sends the head alone and then the rest', async () => {
  await exportIt();
  const reply = (state: string, seq: number): [number, object] => [
    200,
    { run: 'i', state, seq, tasks: 1, runs: 0 },
  ];
  answers(reply('preparing', 0), [503, {}], reply('preparing', 0), reply('open', 1), reply('done', 2));
  const { code, err } = await run('import', '--file', file(), '--reason', 'moved');
  expect([code, err]).toEqual([0, `shard 3 has 1 tasks and 0 workflows of ${file()}\n`]);
  const begun = { run: 'i', lines: [HEAD] };
  expect(asked().map((each) => (each as [string, object])[1])).toEqual([
    { lines: [HEAD], replace: false, reason: 'moved', requestedBy: 'dana' },
    ...[begun, begun, begun],
    { run: 'i', seq: 1, lines: [TASK, END] },
  ]);
});

test.each([
  ['damaged', (text: string) => text.replace('echo', 'ache'), 'its checksum is another one'],
  ['cut short', (text: string) => text.split('\n').slice(0, 2).join('\n'), 'it has no end'],
  ['something else', () => '{"a":1}\n', 'it does not begin as a copy'],
  ['no JSON', () => 'hello\n', 'a line of it is no JSON'],
])('a file that is %s is refused before anything is sent', async (_what, spoil, why) => {
  await exportIt();
  await writeFile(file(), spoil(await readFile(file(), 'utf8')));
  answers();
  const { code, err } = await run('import', '--file', file());
  expect(code).toBe(5);
  expect(err).toContain(why);
  expect(asked()).toEqual([]);
});

test('what deletes or gives up something asks first', async () => {
  await exportIt();
  answers();
  expect((await run('import', '--file', file(), '--replace')).code).toBe(2);
  expect((await run('recover', '--all')).code).toBe(2);
  expect((await run('recover')).code).toBe(2);
  expect((await run('import', '--file', join(dir, 'none'))).code).toBe(5);
  expect(asked()).toEqual([]);
  answers([200, { items: [{ shard: 0 }, { shard: 1 }], next: null }], [200, {}], [200, {}]);
  expect((await run('recover', '--all', '--yes')).err).toBe('shard 0 begins anew\nshard 1 begins anew\n');
  expect(asked()).toEqual(
    [0, 1].map((shard) => [`/v1/shards/${shard}/recover`, { confirm: true, requestedBy: 'dana' }]),
  );
});

test('the shards are listed', async () => {
  const shard = {
    shard: 3,
    owner: 'host-1',
    epoch: 7,
    batchSeq: 9,
    tasks: 1,
    workflows: 0,
    waiting: 1,
    active: 0,
    outbox: 0,
  };
  answers([200, { items: [shard], next: null }]);
  expect((await run('list')).out).toMatch(/^SHARD +OWNER +EPOCH.*\n +3 +host-1 +7 /);
});
