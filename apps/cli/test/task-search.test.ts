import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
let asked: URLSearchParams[];

beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url } });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

function answer(body: object): void {
  asked = [];
  peer.answerWith(({ search }, response) => {
    asked.push(new URLSearchParams(search));
    sendJson(response, 200, body);
  });
}

const values = (name: string): string[] => asked[0]?.getAll(name) ?? [];

test('every condition of a list is sent, several values as several parameters, and times as instants', async () => {
  answer({ items: [], next: null });
  const { code } = await run(
    ...['task', 'list', '--state', 'failed,expired', '--state', 'backoff', '--type', 'report.*'],
    ...['--namespace', 'shop', '--swarm', 'eu-*', '--region', 'eu-west', '--code', 'no-key'],
    ...['--label', 'note=one, two', '--label', 'urgent', '--text', 'red shoes', '--order', 'updated'],
    ...['--created-after', '2h', '--ended-before', '2026-01-02T00:00:00Z', '--updated-after', '10m'],
  );
  expect(code).toBe(0);
  expect(values('state')).toEqual(['failed', 'expired', 'backoff']);
  expect(values('label')).toEqual(['note=one, two', 'urgent']);
  expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({
    ...{ type: 'report.*', namespace: 'shop', swarm: 'eu-*', region: 'eu-west', code: 'no-key' },
    ...{ text: 'red shoes', order: 'updated', endedBefore: '2026-01-02T00:00:00.000Z' },
  });
  expect(Math.abs(Date.now() - 2 * 3_600_000 - Date.parse(values('createdAfter')[0] ?? ''))).toBeLessThan(
    60_000,
  );
});

test('words that are searched for are sent one by one, beside other conditions', async () => {
  answer({ items: [], next: null });
  const { code, err } = await run('task', 'search', 'acme', 'invoice', '--state', 'failed', '--text', 'x');
  expect([code, err]).toEqual([0, 'no tasks\n']);
  expect(values('text')).toEqual(['acme', 'invoice', 'x']);
  expect(values('state')).toEqual(['failed']);
});

test('counts are a table, with their sum beside it', async () => {
  const groups = [
    { value: 'acme', count: 12 },
    { value: null, count: 3 },
  ];
  answer({ by: 'label:customer', total: 20, groups, others: 5 });
  const { code, out, err } = await run('task', 'counts', '--by', 'label:customer', '--state', 'queued');
  expect(code).toBe(0);
  expect(out).toMatch(/^LABEL:CUSTOMER +TASKS\nacme +12\n\(none\) +3\n$/);
  expect(err).toBe('20 in all, 5 of them in smaller groups\n');
  expect([values('by'), values('state')]).toEqual([['label:customer'], ['queued']]);
});

test('counts for programs are what the API answers', async () => {
  answer({ by: 'state', total: 1, groups: [{ value: 'queued', count: 1 }], others: 0 });
  const { out } = await run('task', 'counts', '-o', 'json');
  expect(JSON.parse(out)).toEqual({
    ...{ items: [{ value: 'queued', count: 1 }], next: null },
    ...{ by: 'state', total: 1, others: 0 },
  });
});

test.each([
  [['task', 'list', '--created-after', 'yesterday'], '--created-after'],
  [['task', 'search'], 'words'],
])('%j is refused, and told what to do', async (argv, text) => {
  const { code, err } = await run(...argv);
  expect(code).toBe(2);
  expect(err).toContain(text);
});
