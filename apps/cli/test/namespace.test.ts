import { MultiswarmError } from '@multiswarm/contracts';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(argv: string[], stdin = ''): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url }, stdin });
  const code = await runCli(['namespace', ...argv], io, '0');
  return { code, out: io.out(), err: io.err() };
}

const settings = {
  weight: 2,
  fairnessWeights: { acme: 3 },
  limit: { concurrency: 200 },
  limits: { 'customer:*': { concurrency: 10 }, 'model:gpt': { rate: { tasks: 50, perMs: 1_000 } } },
  retentionMs: 604_800_000,
};
const view = { ...settings, namespace: 'shop', revision: 4 };

/** Answers reads with the view, and a PUT with what was sent, one revision on. */
function answer(): void {
  peer.answerWith((request, response) => {
    const put = request.method === 'PUT';
    sendJson(
      response,
      200,
      put ? { ...(JSON.parse(request.body) as object), namespace: 'shop', revision: 5 } : view,
    );
  });
}

const put = (): { body: unknown; ifMatch: string | undefined } | undefined =>
  peer.seen
    .filter(({ method }) => method === 'PUT')
    .map(({ body, headers }) => ({ body: JSON.parse(body) as unknown, ifMatch: headers['if-match'] }))[0];

test('get shows every setting for people, and the whole for programs', async () => {
  answer();
  const { code, out } = await run(['get', 'shop']);
  expect(code).toBe(0);
  expect(out.split('\n').map((line) => line.trim().replace(/ {2,}/, ' | '))).toEqual([
    'shop',
    'weight | 2',
    'limit | 200 at a time',
    'key limits | customer:*: 10 at a time',
    'model:gpt: 50 per 1s',
    'fairness weights | acme: 3',
    'retention | 7d',
    'events | as long as the stream has them',
    'highest priority | any',
    'revision | 4',
    '',
  ]);
  expect(peer.seen[0]?.path).toBe('/v1/namespaces/shop');
  expect(JSON.parse((await run(['get', 'shop', '-o', 'json'])).out)).toEqual(view);
});

test('a namespace that nobody has set has the defaults', async () => {
  peer.json(200, { namespace: 'new', revision: 0, weight: 1, fairnessWeights: {}, limits: {} });
  const { out } = await run(['get', 'new']);
  expect(out).toMatch(/limit +none\n.*key limits +none\n/);
  expect(out).toContain('0: nobody has set anything');
});

test('list shows a row for each, and follows the pages', async () => {
  peer.answerWith((request, response) => {
    const first = request.query['cursor'] === undefined;
    const items = [first ? view : { ...view, namespace: 'zoo', limits: {}, limit: undefined }];
    sendJson(response, 200, { items, next: first ? 'shop' : null });
  });
  const { out } = await run(['list', '--all']);
  expect(out).toMatch(/^NAMESPACE +WEIGHT +LIMIT +KEY LIMITS +REVISION\n/);
  expect(out).toMatch(/\nshop +2 +200 at a time +customer:\*: 10 at a time; model:gpt: 50 per 1s +4\n/);
  expect(out).toMatch(/\nzoo +2 +- +- +4\n$/);
  peer.json(200, { items: [], next: null });
  expect((await run(['list'])).err).toContain('no namespace has settings');
});

describe('set', () => {
  test.each([
    [['--weight', '3'], { ...settings, weight: 3 }],
    [
      ['--limit', '10,100/1s'],
      { ...settings, limit: { concurrency: 10, rate: { tasks: 100, perMs: 1_000 } } },
    ],
    [['--limit', 'none', '--retention', 'none'], { ...settings, limit: undefined, retentionMs: undefined }],
    [['--retention', '12h'], { ...settings, retentionMs: 43_200_000 }],
    [['--event-retention', '12h'], { ...settings, eventRetentionMs: 43_200_000 }],
    [['--priority-ceiling', 'high'], { ...settings, priorityCeiling: 'high' }],
    [['--priority-ceiling', 'none'], settings],
    [
      ['--fairness-weight', 'acme=none', '--fairness-weight', 'beta=0.5'],
      { ...settings, fairnessWeights: { beta: 0.5 } },
    ],
    [
      ['--key-limit', 'customer:*=none', '--key-limit', 'customer:acme=20'],
      {
        ...settings,
        limits: { 'model:gpt': settings.limits['model:gpt'], 'customer:acme': { concurrency: 20 } },
      },
    ],
  ])('%j changes that, and leaves the rest as it was read', async (options, expected) => {
    answer();
    const { code, out } = await run(['set', 'shop', ...options, '-o', 'json']);
    expect(put()).toEqual({ body: JSON.parse(JSON.stringify(expected)) as unknown, ifMatch: '"4"' });
    expect([code, JSON.parse(out)]).toMatchObject([0, { namespace: 'shop', revision: 5 }]);
  });

  test('a file replaces everything, whatever the revision, unless one is asked for', async () => {
    answer();
    expect(await run(['set', 'shop', '--file', '-', '-o', 'name'], 'weight: 3\n')).toMatchObject({
      out: 'shop\n',
    });
    expect(put()).toEqual({ body: { weight: 3, fairnessWeights: {}, limits: {} }, ifMatch: undefined });
    answer();
    await run(['set', 'shop', '--file', '-', '--if-revision', '4'], '{}');
    expect(put()?.ifMatch).toBe('"4"');
  });

  test('what somebody else has changed meanwhile is exit 5', async () => {
    peer.answerWith((request, response) => {
      if (request.method === 'GET') return sendJson(response, 200, view);
      sendJson(
        response,
        412,
        new MultiswarmError('revision-conflict', 'they have revision 6 now').toProblem(),
      );
    });
    expect(await run(['set', 'shop', '--weight', '3'])).toEqual({
      ...{ code: 5, out: '', err: 'error: they have revision 6 now\n' },
    });
  });

  test('--dry-run prints what would be set, and sets nothing', async () => {
    answer();
    const { out } = await run(['set', 'shop', '--weight', '3', '--dry-run']);
    expect(JSON.parse(out)).toEqual({ ...settings, weight: 3 });
    expect(put()).toBeUndefined();
  });

  test.each([
    [[], 'either --file, or options for single settings'],
    [['--file', '-', '--weight', '1'], 'either --file, or options for single settings'],
    [['--weight', 'much'], '/weight'],
    [['--weight', '0'], '/weight'],
    [['--limit', 'ten'], '--limit: "ten" is no limit'],
    [['--limit', '1/25h'], '/limit/rate/perMs'],
    [['--key-limit', 'customer'], '--key-limit customer: expected key=value'],
    [['--key-limit', 'customer:*=x'], '--key-limit: "x" is no limit'],
    [['--key-limit', '*=1'], '/limits/*'],
    [['--fairness-weight', 'acme=x'], '/fairnessWeights/acme'],
    [['--event-retention', 'forever'], '--event-retention: "forever" is not a duration'],
    [['--retention', 'forever'], '--retention: "forever" is not a duration'],
    [['--priority-ceiling', 'urgent'], '/priorityCeiling'],
  ])('%j is refused, and nothing is set', async (options, sentence) => {
    answer();
    const { code, err } = await run(['set', 'shop', ...options], '{}');
    expect([code, put()]).toEqual([2, undefined]);
    expect(err).toContain(sentence);
  });

  test('a file with faults is refused with the line of each', async () => {
    answer();
    const { code, err } = await run(['set', 'shop', '--file', '-'], 'weight: 0\nlimits:\n  a: {}\n');
    expect([code, peer.seen]).toEqual([2, []]);
    expect(err).toContain('standard input cannot be used as it is; nothing was set');
    expect(err).toMatch(/\/weight: .*\(line 1\)/);
    expect(err).toMatch(/\/limits\/a: .*\(line 3\)/);
  });
});
