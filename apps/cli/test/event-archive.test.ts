import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Event } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson, type SeenRequest } from './support/http-peer';
import { memoryIo, type MemoryIo } from './support/memory-io';

let peer: HttpPeer;
let directory: string;

beforeAll(async () => {
  peer = await HttpPeer.start();
  directory = await mkdtemp(join(tmpdir(), 'event-archive-'));
});
afterAll(async () => {
  await peer.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Ran {
  code: number;
  out: string;
  err: string;
}

function begin(...argv: string[]): { io: MemoryIo; ran: Promise<Ran> } {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url }, cwd: directory });
  const ran = runCli(['event', 'archive', ...argv], io, '0').then((code) => ({
    code,
    out: io.out(),
    err: io.err(),
  }));
  return { io, ran };
}

const archive = (...argv: string[]): Promise<Ran> => begin(...argv).ran;

const ROOTS = ['t0-0198c2d4e5f6', 't1-0198c2d4e5f7'];

function event(root: string, seq: number): Event {
  return { v: 1, seq, at: seq * 1_000, type: 'task.progress', namespace: 'default', root, taskId: root };
}

const place = (seq: number): string => `${seq}-0-abc`;

/** A stream of which each message is one event; a hole is told as a gap. */
interface Stream {
  messages: (Event | undefined)[];
  /** Ends the connection without an end after so many messages. */
  breaksAfter?: number;
  histories?: Record<string, Event[]>;
  failsHistoryOf?: string;
}

function serve({ messages, breaksAfter = Infinity, histories = {}, failsHistoryOf }: Stream): void {
  let left = breaksAfter;
  peer.answerWith((request, response) => {
    const id = /^\/v1\/tasks\/(.*)\/events$/.exec(request.path)?.[1];
    if (id !== undefined) {
      if (id === failsHistoryOf)
        sendJson(response, 503, { code: 'not-ready', title: 'x', detail: 'not yet', status: 503 });
      else if (histories[id]) sendJson(response, 200, { items: histories[id], next: null });
      else sendJson(response, 404, { code: 'task-not-found', title: 'x', detail: 'gone', status: 404 });
      return;
    }
    if (request.path === '/v1/tasks') {
      // One on each page; what has run all the time is of no interest here.
      const ids = request.query['state'] === 'running' ? [] : Object.keys(histories);
      const at = Number(request.query['cursor'] ?? 0);
      const next = at + 1 < ids.length ? String(at + 1) : null;
      sendJson(response, 200, { items: ids.slice(at, at + 1).map((each) => ({ id: each })), next });
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let hole = 0;
    for (let seq = afterOf(request) + 1; seq <= messages.length; seq += 1) {
      const message = messages[seq - 1];
      if (!message) {
        hole ||= seq;
        continue;
      }
      if ((left -= 1) < 0) {
        left = Infinity;
        response.write(': broken\n\n', () => void response.socket?.end());
        return;
      }
      if (hole > 0)
        response.write(
          `event: gap\nid: ${place(seq - 1)}\ndata: ${JSON.stringify({ v: 1, reason: 'dropped', from: hole, to: seq - 1, before: 20_000, detail: 'dropped' })}\n\n`,
        );
      hole = 0;
      response.write(`event: ${message.type}\nid: ${place(seq)}\ndata: ${JSON.stringify(message)}\n\n`);
    }
    if (request.query['follow'] === 'true') return;
    response.end(
      `event: end\ndata: ${JSON.stringify({ v: 1, events: 0, position: place(messages.length) })}\n\n`,
    );
  });
}

function afterOf({ headers }: SeenRequest): number {
  return Number(String(headers['last-event-id'] ?? '0').split('-')[0]);
}

const life = (root: string, count = 3): Event[] =>
  Array.from({ length: count }, (_, index) => event(root, index + 1));

async function linesOf(path: string): Promise<Record<string, unknown>[]> {
  const bytes = await readFile(path);
  const text = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  return text
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** `root/seq`, with a `!` where it came from a history. */
async function eventsIn(path: string): Promise<string[]> {
  const lines = (await linesOf(path)).filter(({ seq }) => seq !== undefined);
  return lines.map(
    ({ root, seq, recovered }) => `${String(root)}/${String(seq)}${recovered === true ? '!' : ''}`,
  );
}

const [A, B] = ROOTS as [string, string];
const file = (name: string): string => join(directory, name);

test.each(['all.jsonl', 'all.jsonl.gz'])(
  '%s has all events of the stream, and says what it has',
  async (name) => {
    serve({ messages: [...life(A), ...life(B)] });
    const { code, out } = await archive('--file', file(name), '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      files: [
        {
          file: file(name),
          events: 6,
          recovered: 0,
          gaps: 0,
          roots: 2,
          holes: 0,
          last: '1970-01-01T00:00:03.000Z',
        },
      ],
      complete: true,
      holes: [],
    });
    expect(await eventsIn(file(name))).toEqual(
      [1, 2, 3].map((seq) => `${A}/${seq}`).concat([1, 2, 3].map((seq) => `${B}/${seq}`)),
    );
    const [header] = await linesOf(file(name));
    expect(header).toMatchObject({ archive: 'multiswarm.events', version: 1, source: peer.url, filter: {} });
  },
);

test('what is asked for is what the server is asked for, and what the archive says of itself', async () => {
  serve({ messages: [] });
  const asked = [
    '--from',
    '2026-01-01T00:00:00Z',
    '--to',
    '2026-01-02T00:00:00Z',
    '--namespace',
    'a,b',
    '--root',
    A,
  ];
  await archive('--file', file('asked.jsonl'), ...asked);
  const from = '2026-01-01T00:00:00.000Z';
  const filter = { from, to: '2026-01-02T00:00:00.000Z', namespace: 'a,b', root: A };
  expect(peer.seen[0]?.query).toEqual({ ...filter, follow: 'false' });
  expect((await linesOf(file('asked.jsonl')))[0]).toMatchObject({ filter });
});

const C = 't2-0198c2d4e5f8';

/** The gap is told before message 3; what happens later than a minute behind it is left to the stream. */
const LOST: Stream = {
  messages: [event(A, 1), undefined, { ...event(A, 4), at: 90_000 }, event(B, 3)],
  histories: {
    [A]: [...life(A), { ...event(A, 4), at: 90_000 }], // goes on behind the gap
    [B]: life(B, 5), // not all of it has come
    [C]: life(C, 2), // its whole life fell into the gap
  },
};
const HEALED = [
  `${A}/1`,
  ...[`${A}/2!`, `${A}/3!`],
  ...[1, 2, 3, 4, 5].map((seq) => `${B}/${seq}!`),
  ...[`${C}/1!`, `${C}/2!`],
  `${A}/4`,
];

test('what the stream has lost is taken from the histories of all that changed meanwhile, seen or not, to their last event', async () => {
  serve(LOST);
  const { code, out, err } = await archive('--file', file('healed.jsonl'));
  expect([code, err]).toEqual([0, expect.stringContaining('gap: dropped')]);
  expect(out).toContain('11, 9 of them from histories');
  expect(await eventsIn(file('healed.jsonl'))).toEqual(HEALED);
  const asked = peer.seen.filter(({ path }) => path === '/v1/tasks').map(({ query }) => query);
  const times = { updatedAfter: '1970-01-01T00:00:00.000Z', createdBefore: '1970-01-01T00:01:20.000Z' };
  expect(asked[0]).toEqual({ ...times, limit: '500' });
  expect(asked[1]).toMatchObject({ ...times, cursor: '1' });
});

test.each(['cut-in-gap.jsonl', 'cut-in-gap.jsonl.gz'])(
  '%s that is interrupted while a gap is filled meets the gap again, and has the same in the end',
  async (name) => {
    serve({ ...LOST, failsHistoryOf: C });
    expect(await archive('--file', file(name))).toMatchObject({ code: 7 });
    serve(LOST);
    expect((await archive('--file', file(name), '--resume')).code).toBe(0);
    expect(await eventsIn(file(name))).toEqual(HEALED);
    expect((await linesOf(file(name))).filter(({ gap }) => gap)).toHaveLength(1);
  },
);

test('what files before have is not taken again from histories, also where another process has written them', async () => {
  const asked = ['--file', file('chain.jsonl'), '--follow', '--resume', '--rotate-every', '1ms'];
  const names = async (): Promise<string[]> =>
    (await readdir(directory)).filter((name) => name.startsWith('chain-')).sort();
  const all = async (): Promise<string[]> =>
    (await Promise.all((await names()).map((name) => eventsIn(file(name))))).flat();
  const filler = (count: number) => life('t3-0198c2d4e5f9', count);
  for (const messages of [life(A, 2), [...life(A, 2), ...filler(4)]]) {
    serve({ messages });
    const { io, ran } = begin(...asked);
    await eventually(async () => (await all()).length === messages.length);
    io.interrupt();
    await ran;
  }
  serve({
    messages: [...life(A, 2), ...filler(4), undefined, { ...event(B, 1), at: 90_000 }],
    histories: { [A]: life(A, 4) },
  });
  const { io, ran } = begin(...asked);
  await eventually(async () => (await all()).includes(`${B}/1`));
  io.interrupt();
  expect((await ran).code).toBe(0);
  expect((await all()).filter((each) => each.startsWith(A))).toEqual([
    ...[`${A}/1`, `${A}/2`],
    ...[`${A}/3!`, `${A}/4!`],
  ]);
  for (const name of await names()) {
    const roots = new Set((await eventsIn(file(name))).map((each) => each.split('/')[0]));
    expect((await linesOf(file(name))).at(-1)).toMatchObject({ end: { roots: roots.size, holes: 0 } });
  }
});

test('where the history has gone, too, the hole is told, and the command fails', async () => {
  serve({ messages: [event(A, 1), undefined, event(A, 3)] });
  const { code, out, err } = await archive('--file', file('holed.jsonl'));
  expect(code).toBe(1);
  expect(err).toContain(`${A}: events before number 3 are missing, and its history has gone`);
  expect(out).toContain(`events are missing of: ${A}`);
});

test('events before the time that was asked for are no hole', async () => {
  serve({ messages: [event(A, 4), event(A, 5)] });
  expect((await archive('--file', file('late.jsonl'))).code).toBe(0);
  expect(peer.seen).toHaveLength(1);
});

test('a stream that breaks is taken up again, and what comes twice is written once', async () => {
  serve({ messages: [...life(A), event(A, 3), ...life(B)], breaksAfter: 2 });
  const { code, err } = await archive('--file', file('broken.jsonl'));
  expect([code, err]).toEqual([0, expect.stringContaining('the stream broke; going on')]);
  expect(await eventsIn(file('broken.jsonl'))).toHaveLength(6);
});

test('an archive that was interrupted has no end, and is gone on with to the same one', async () => {
  const path = file('interrupted.jsonl.gz');
  const messages = [...life(A), ...life(B)];
  serve({ messages });
  await archive('--file', path);
  const whole = await eventsIn(path);
  const size = (await readFile(path)).length;
  await truncate(path, size - 10);
  expect(await archive('--file', path)).toMatchObject({
    code: 5,
    err: expect.stringContaining('--resume') as string,
  });
  const { code, out } = await archive('--file', path, '--resume', '-o', 'json');
  expect([code, (JSON.parse(out) as { files: unknown[] }).files]).toMatchObject([
    0,
    [{ events: 6, roots: 2, holes: 0 }],
  ]);
  expect(await eventsIn(path)).toEqual(whole);
  expect(await archive('--file', path, '--resume')).toMatchObject({
    code: 5,
    err: expect.stringContaining('is complete') as string,
  });
});

test('Ctrl-C leaves an archive that can be gone on with, and ends one that follows', async () => {
  serve({ messages: life(A) });
  const followed = begin('--file', file('followed.jsonl'), '--follow');
  await eventually(() => peer.seen.length > 0);
  await eventually(async () => (await readdir(directory)).includes('followed.jsonl'));
  peer.answerWith(() => undefined); // nobody answers any more
  followed.io.interrupt();
  expect((await followed.ran).code).toBe(0);
  expect((await linesOf(file('followed.jsonl'))).at(-1)).toHaveProperty('end');

  peer.answerWith((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: task.progress\nid: 1-0-abc\ndata: ${JSON.stringify(event(A, 1))}\n\n`);
  });
  const cut = begin('--file', file('cut.jsonl'));
  await eventually(() => peer.seen.length > 0);
  cut.io.interrupt();
  expect(await cut.ran).toMatchObject({
    code: 130,
    err: expect.stringContaining('--resume goes on') as string,
  });
  serve({ messages: life(A) });
  expect((await archive('--file', 'cut.jsonl', '--resume')).code).toBe(0);
  expect(await eventsIn(file('cut.jsonl'))).toHaveLength(3);
});

test('with rotation each file is whole, and begins where the one before ends, also after an interruption', async () => {
  const messages = Array.from({ length: 6 }, (_, index) => event(A, index + 1));
  const names = async (): Promise<string[]> =>
    (await readdir(directory)).filter((name) => name.startsWith('rotated-')).sort();
  const all = async (): Promise<string[]> =>
    (await Promise.all((await names()).map((name) => eventsIn(file(name))))).flat();
  const asked = ['--file', file('rotated.jsonl.gz'), '--follow', '--resume', '--rotate-every', '1ms'];
  for (const count of [3, 6]) {
    serve({ messages: messages.slice(0, count) });
    const { io, ran } = begin(...asked);
    await eventually(async () => (await all()).length === count, { describe: `${count} events` });
    io.interrupt();
    expect((await ran).code).toBe(0);
  }
  expect(await all()).toEqual(messages.map(({ seq }) => `${A}/${seq}`));
  const heads = await Promise.all((await names()).map(async (name) => (await linesOf(file(name)))[0]));
  const ends = await Promise.all(
    (await names()).map(async (name) => (await linesOf(file(name))).at(-1)?.['end']),
  );
  for (const [index, head] of heads.entries())
    if (index > 0)
      expect(head?.['after']).toMatchObject({
        file: (await names())[index - 1],
        sha256: (ends[index - 1] as { sha256: string }).sha256,
      });
});

test.each([
  [[], '--file is missing'],
  [['--file', 'x.jsonl', '--follow', '--to', '2026-01-01T00:00:00Z'], '--follow has no end'],
  [['--file', 'x.jsonl', '--rotate-size', '1MB'], 'go with --follow'],
  [['--file', 'x.jsonl', '--follow', '--rotate-size', 'large'], '"large" is not a size'],
  [['--file', 'x.jsonl', '--from', 'yesterday'], '"yesterday" is neither an instant'],
  [['--file', '/nowhere/at/all/x.jsonl'], 'cannot be written'],
])('%j is refused', async (argv, expected) => {
  serve({ messages: [] });
  expect(await archive(...argv)).toMatchObject({ code: 2, err: expect.stringContaining(expected) as string });
});

test('what goes on with an archive of something else is refused', async () => {
  serve({ messages: life(A) });
  await archive('--file', file('other.jsonl'), '--namespace', 'shop');
  await truncate(file('other.jsonl'), (await readFile(file('other.jsonl'))).length - 5);
  const before = await readFile(file('other.jsonl'), 'utf8');
  const { code, err } = await archive('--file', file('other.jsonl'), '--resume');
  expect([code, err]).toEqual([2, expect.stringContaining('was made with --namespace shop')]);
  expect(await readFile(file('other.jsonl'), 'utf8')).toBe(before);
});

describe('reading archives', () => {
  const step = (seq: number, type: Event['type'], more: Partial<Event> = {}): Event => ({
    ...event(A, seq),
    type,
    ...more,
  });
  const where = { attempt: 1, swarmId: 'eu-1', region: 'eu' };
  const failed = { error: { code: 'no-key', message: 'the key is OLD', retryable: false } };
  const all = [
    step(1, 'task.submitted', { data: { type: 'work', priority: 'high' } }),
    step(2, 'task.queued'),
    step(3, 'task.assigned', where),
    step(4, 'task.running', where),
    step(5, 'task.failed', { ...where, data: failed }),
    ...life(B).map((one) => ({ ...one, namespace: 'shop' })),
  ];

  async function run(...argv: string[]): Promise<Ran> {
    const io = memoryIo({ env: { MULTISWARM_URL: 'http://127.0.0.1:9' }, cwd: directory });
    const code = await runCli(argv, io, '0');
    return { code, out: io.out(), err: io.err() };
  }

  beforeAll(async () => {
    serve({ messages: all });
    await archive('--file', 'read.jsonl.gz');
  });

  test('tasks are listed by what their events tell, without any live system', async () => {
    const { code, out } = await run(
      'task',
      'list',
      '--archive',
      'read.jsonl.gz',
      '--state',
      'failed',
      '-o',
      'jsonl',
    );
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { id: A, type: 'work', state: 'failed', error: { code: 'no-key' } },
    ]);
    const table = await run('task', 'list', '--archive', 'read.jsonl.gz');
    expect(table.out).toMatch(new RegExp(`${A}.*work.*failed.*1.*eu-1.*eu.*4`));
    expect((await run('task', 'list', '--archive', 'read.jsonl.gz', '--limit', '1')).err).toBe(
      '1 more: --all lists all\n',
    );
  });

  test('a history is that of the live system', async () => {
    serve({ messages: [], histories: { [A]: all.slice(0, 5) } });
    const archived = await run('task', 'history', A, '--archive', 'read.jsonl.gz');
    const live = await run('task', 'history', A, '--url', peer.url);
    expect([archived.code, archived.out]).toEqual([0, live.out]);
    expect(live.out.split('\n')).toHaveLength(7);
    expect(live.out).toMatch(/1970-01-01T00:00:05.000Z .*\+4.*task.failed .*attempt 1, on eu-1 \(eu\)/);
    expect(await run('task', 'history', 't0-0198c2d4ffff', '--archive', 'read.jsonl.gz')).toMatchObject({
      code: 3,
    });
    expect(await run('task', 'history', 't0-0198c2d4ffff', '--url', peer.url)).toMatchObject({ code: 3 });
  });

  test('events are searched by filters, time and text', async () => {
    const tail = async (...argv: string[]): Promise<number[]> => {
      const { out } = await run('event', 'tail', '--archive', 'read.jsonl.gz', '-o', 'jsonl', ...argv);
      return out === ''
        ? []
        : out
            .trim()
            .split('\n')
            .map((line) => (JSON.parse(line) as Event).seq);
    };
    expect(await tail()).toEqual([1, 2, 3, 4, 5, 1, 2, 3]);
    expect(await tail('--namespace', 'shop', '--from', '1970-01-01T00:00:02Z')).toEqual([2, 3]);
    expect(await tail('--grep', 'Is Old')).toEqual([5]);
    expect(await tail('--state', 'queued,running')).toEqual([2, 4]);
    expect(await run('event', 'tail', '--archive', 'read.jsonl.gz', '--state', 'done')).toMatchObject({
      code: 2,
    });
  });

  test('an archive is verified from end to end, and a damaged one is not, but read as far as it is whole', async () => {
    expect(await run('event', 'verify', 'read.jsonl.gz')).toMatchObject({
      code: 0,
      out: expect.stringContaining('events  8') as string,
    });
    const lines = gunzipSync(await readFile(file('read.jsonl.gz')))
      .toString()
      .split('\n');
    await writeFile(file('changed.jsonl'), lines.join('\n').replace('the key is OLD', 'the key is new'));
    const { code, out } = await run('event', 'verify', 'changed.jsonl', '-o', 'json');
    expect([code, JSON.parse(out)]).toMatchObject([
      1,
      { ok: false, code: 'archive-damaged', detail: expect.stringContaining('at line 11') as string },
    ]);
    expect(await run('task', 'history', A, '--archive', 'changed.jsonl')).toMatchObject({ code: 1 });
    expect(await run('task', 'list', '--archive', 'changed.jsonl', '--partial')).toMatchObject({
      code: 0,
      out: '',
    });
    await writeFile(file('short.jsonl'), lines.slice(0, -2).join('\n') + '\n');
    expect(await run('task', 'list', '--archive', 'short.jsonl')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not complete') as string,
    });
    expect((await run('task', 'list', '--archive', 'short.jsonl', '--partial', '-o', 'name')).out).toBe(
      `${A}\n${B}\n`,
    );
    expect(await run('task', 'list', '--archive', 'nothing.jsonl')).toMatchObject({ code: 2 });
  });

  test('a directory is all archives in it, in the order in which they were made; one of another sequence is found', async () => {
    const [kept, other] = [join(directory, 'kept'), join(directory, 'other')];
    for (const [path, messages] of [
      [kept, all],
      [other, all.slice(0, 6)],
    ] as const) {
      await mkdir(path);
      serve({ messages });
      const asked = ['--file', join(path, 'events.jsonl'), '--follow', '--rotate-size', '1'];
      const { io, ran } = begin(...asked);
      await eventually(
        async () =>
          (await readdir(path)).length > 1 &&
          (await Promise.all((await readdir(path)).map((name) => eventsIn(join(path, name))))).flat()
            .length === messages.length,
      );
      io.interrupt();
      await ran;
    }
    const { out } = await run('task', 'history', A, '--archive', kept, '-o', 'name');
    expect(out).toBe([1, 2, 3, 4, 5].map((seq) => `${A}/${seq}\n`).join(''));
    expect(await run('event', 'verify', kept)).toMatchObject({ code: 0, err: '' });
    expect(await run('task', 'list', '--archive', directory)).toMatchObject({ code: 1 });
    const first = async (path: string): Promise<string> => join(path, (await readdir(path)).sort()[0] ?? '');
    const changed = (await readFile(await first(other))).toString();
    const named = await first(kept);
    await rm(named);
    await writeFile(named, changed);
    const { code, err } = await run('event', 'verify', kept);
    expect([code, err]).toEqual([1, expect.stringContaining('goes on after another')]);
  });
});
