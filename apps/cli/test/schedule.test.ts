import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url, USER: 'ann' }, stdin: '' });
  const code = await runCli(['schedule', ...argv], io, '0');
  return { code, out: io.out(), err: io.err() };
}

const view = {
  ...{
    namespace: 'default',
    name: 'nightly',
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    overlap: 'skip',
  },
  ...{ jitterMs: 60_000, catchUpMs: 3_600_000, workflow: { definition: 'report' } },
  ...{ createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', requestedBy: 'ann' },
  next: [{ at: '2026-03-29T01:00:00.000Z', startAt: '2026-03-29T01:00:12.000Z' }],
  running: [{ workflowId: 'w1-0198c2d3e4f5', at: '2026-03-28T01:30:00.000Z' }],
  waiting: [],
  backfills: [],
  counts: { started: 3, skipped: 1, missed: 2, failed: 0 },
  recent: [
    {
      ...{ at: '2026-03-28T01:30:00.000Z', cause: 'time', outcome: 'started' },
      ...{ decidedAt: '2026-03-28T01:30:12.000Z', workflowId: 'w1-0198c2d3e4f5', state: 'running' },
    },
    {
      ...{ at: '2026-03-26T01:30:00.000Z', cause: 'time', outcome: 'missed', reason: 'downtime', times: 2 },
      decidedAt: '2026-03-28T00:00:00.000Z',
    },
  ],
};

const sent = (): unknown[] =>
  peer.seen.map(({ method, path, body }) => [method, path, body === '' ? undefined : JSON.parse(body)]);

beforeEach(() => {
  peer.seen.length = 0;
  peer.answerWith((_request, response) => sendJson(response, 200, view));
});

test('create sends what the options say, and shows the next times', async () => {
  const { code, out } = await run(
    ...['create', 'nightly', '--cron', '30 2 * * *', '--time-zone', 'Europe/Berlin', '--jitter', '1m'],
    ...['--definition', 'report', '--version', '3', '--input', '{"a":1}', '--time-field', 'day', '--dry-run'],
  );
  expect(code).toBe(0);
  expect(sent()).toEqual([
    [
      'POST',
      '/v1/schedules',
      {
        ...{ name: 'nightly', requestedBy: 'ann', cron: '30 2 * * *', timeZone: 'Europe/Berlin' },
        ...{ jitterMs: 60_000, timeField: 'day', dryRun: true },
        workflow: { definition: 'report', version: 3, input: { a: 1 } },
      },
    ],
  ]);
  const lines = out.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));
  expect(lines).toEqual(
    expect.arrayContaining([
      'nightly | 30 2 * * * | Europe/Berlin | active',
      'starts | definition report, the newest version',
      'jitter | up to 60s',
      'so far | 3 started, 1 skipped, 2 missed, 0 failed',
      '2026-03-29T01:00:00.000Z | starts 2026-03-29T01:00:12.000Z',
      '2026-03-28T01:30:00.000Z | time | started | w1-0198c2d3e4f5 running',
      '2026-03-26T01:30:00.000Z | time | missed | downtime, 2 times',
    ]),
  );
});

test('update sends what changes, and takes away what it is told to', async () => {
  const { code } = await run('update', 'nightly', '--overlap', 'allow', '--clear', 'until', 'time-field');
  expect(code).toBe(0);
  expect(sent()).toEqual([
    [
      'PATCH',
      '/v1/schedules/nightly',
      { requestedBy: 'ann', overlap: 'allow', until: null, timeField: null },
    ],
  ]);
});

test.each<[string[], string, unknown]>([
  [['pause', 'nightly', '--note', 'moving'], 'pause', { note: 'moving', requestedBy: 'ann' }],
  [['resume', 'nightly'], 'resume', { requestedBy: 'ann' }],
])('%j tells the schedule', async (argv, verb, body) => {
  expect((await run(...argv)).code).toBe(0);
  expect(sent()).toEqual([['POST', `/v1/schedules/nightly/${verb}`, body]]);
});

test('trigger prints the id of the run, backfill what is in the range', async () => {
  peer.json(202, { at: '2026-03-28T10:00:00.001Z', workflowId: 'w1-0198c2d3e4f5' });
  expect((await run('trigger', 'nightly', '--overlap', 'allow', '-o', 'name')).out).toBe('w1-0198c2d3e4f5\n');
  expect(sent()).toEqual([
    ['POST', '/v1/schedules/nightly/trigger', { overlap: 'allow', requestedBy: 'ann' }],
  ]);
  peer.json(202, { times: 2, first: '2026-03-01T01:30:00.000Z', last: '2026-03-02T01:30:00.000Z' });
  const range = ['--from', '2026-03-01T00:00:00Z', '--to', '2026-03-03T00:00:00+01:00'];
  const { out } = await run('backfill', 'nightly', ...range, '--dry-run');
  expect(out).toBe('2 times from 2026-03-01T01:30:00.000Z to 2026-03-02T01:30:00.000Z\n');
  expect(sent()).toEqual([
    [
      'POST',
      '/v1/schedules/nightly/backfill',
      {
        ...{ from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T23:00:00.000Z' },
        ...{ dryRun: true, requestedBy: 'ann' },
      },
    ],
  ]);
});

test('list shows what starts when', async () => {
  const { workflow: _workflow, recent: _recent, ...summary } = view;
  const paused = { at: '2026-03-28T00:00:00Z', note: '', requestedBy: 'ann' };
  peer.json(200, { items: [summary, { ...summary, name: 'weekly', next: [], paused }], next: null });
  const { out } = await run('list');
  expect(out).toMatch(/^SCHEDULE +CRON +ZONE +NEXT/);
  expect(out).toMatch(/weekly .* paused /);
});

test.each<[string[], string]>([
  [['create', 'x', '--definition', 'report'], '--cron says when'],
  [['create', 'x', '--cron', '@daily'], 'either FILE or --definition'],
  [['create', 'x', 'f.yaml', '--cron', '@daily', '--definition', 'report'], 'either FILE or --definition'],
  [['create', 'x', '--cron', '@daily', '--version', '2'], '--version is about a definition'],
  [['update', 'x', '--clear', 'cron'], '"cron" cannot be taken away'],
  [['backfill', 'x', '--from', 'yesterday', '--to', '1h'], '--from: "yesterday"'],
])('%j is refused before anything is sent', async (argv, sentence) => {
  const { code, err } = await run(...argv);
  expect([code, sent()]).toEqual([2, []]);
  expect(err).toContain(sentence);
});
