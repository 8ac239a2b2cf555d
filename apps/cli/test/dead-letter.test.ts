import { MultiswarmError } from '@multiswarm/contracts';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

const [T1, T2] = ['t0-00000001', 't1-00000002'];
let peer: HttpPeer;

beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url, USER: 'dana' } });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

const letter = {
  ...{ id: T1, type: 'report', namespace: 'shop', state: 'failed', cause: 'attempts-used-up' },
  error: { code: 'no-key', message: 'the key has expired\nsince May', retryable: true },
  ...{ createdAt: new Date(0).toISOString(), endedAt: new Date(0).toISOString(), priority: 'normal' },
  ...{ attempt: 3, failures: 3, losses: 0, swarmId: 'eu-1', region: 'eu', cost: 0, traceId: 'f' },
};
const counts = {
  ...{ total: 2, complete: true },
  byCode: [
    { code: 'no-key', count: 1 },
    { code: '', count: 1 },
  ],
  byType: [{ type: 'report', count: 2 }],
};
const reply = (more: object = {}): object => ({
  ...{ dryRun: false, done: 1, unchanged: 0, refused: 0, next: null },
  items: [{ id: T1, outcome: 'redriven', state: 'queued' }],
  ...more,
});

function sent(): { path: string; body: unknown }[] {
  return peer.seen
    .filter(({ method }) => method === 'POST')
    .map(({ path, body }) => ({ path, body: JSON.parse(body) as unknown }));
}

describe('list', () => {
  test('prints a table, and how many there are beside it', async () => {
    peer.json(200, { items: [letter], next: null, counts });
    const { code, out, err } = await run('dead-letter', 'list', '--code', 'no-key', '--ended-after', '2h');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^TASK .*CAUSE +CODE +ATTEMPT.*\nt0-00000001 +report +failed +attempts-used-up +no-key +3 /,
    );
    expect(err).toBe('2 in all; by code: no-key 1, (none) 1; by type: report 2\n');
    const { code: asked, endedAfter } = peer.seen[0]?.query ?? {};
    expect(asked).toBe('no-key');
    expect(Math.abs(Date.now() - 2 * 3_600_000 - Date.parse(endedAfter ?? ''))).toBeLessThan(60_000);
  });

  test('the wide table says why one cannot be redriven, and the first line of its error', async () => {
    peer.json(200, { items: [{ ...letter, notRedrivable: 'its deadline has passed' }], next: null });
    const { out } = await run('dead-letter', 'list', '-o', 'wide');
    expect(out).toMatch(/its deadline has passed +the key has expired +\d+d\n$/);
  });

  test('programs get the page as it came, with all its counts also over several pages', async () => {
    peer.json(200, { items: [letter], next: 'n', counts });
    expect(JSON.parse((await run('dead-letter', 'list', '-o', 'json')).out)).toEqual({
      ...{ items: [letter], next: 'n', counts },
    });
    peer.answerWith(({ query }, response) =>
      sendJson(
        response,
        200,
        query['cursor'] === 'n' ? { items: [letter], next: null } : { items: [letter], next: 'n', counts },
      ),
    );
    expect(JSON.parse((await run('dead-letter', 'list', '--all', '-o', 'json')).out)).toEqual({
      ...{ items: [letter, letter], next: null, counts },
    });
    expect((await run('dead-letter', 'list', '--all', '-o', 'name')).out).toBe(`${T1}\n${T1}\n`);
  });

  test('where there are none it says so', async () => {
    const none = { total: 0, complete: true, byCode: [], byType: [] };
    peer.json(200, { items: [], next: null, counts: none });
    expect(await run('dead-letter', 'list')).toEqual({ code: 0, out: '', err: 'no dead letters\n' });
  });
});

test('show tells why nothing more was tried, the error, the timeline, the attempts and the input', async () => {
  const history = [
    { v: 1, type: 'task.submitted', seq: 1, at: 0, namespace: 'shop', root: T1, taskId: T1 },
    { v: 1, type: 'task.failed', seq: 2, at: 1_500, namespace: 'shop', root: T1, taskId: T1 },
  ];
  const attempt = {
    attempt: 3,
    swarmId: 'eu-1',
    region: 'eu',
    assignedAt: 0,
    costPerSlotHour: 1,
    outcome: 'failed',
  };
  peer.json(200, { ...letter, input: { n: 1 }, attempts: [attempt], history });
  const { code, out } = await run('dead-letter', 'show', T1);
  expect(code).toBe(0);
  for (const text of [
    'all attempts of its retry policy failed',
    '3: 3 failed, 0 lost',
    'the key has expired',
    '+1.5 s  task.failed',
    '#3 failed on eu-1 (eu)',
    '"n": 1',
  ])
    expect(out).toContain(text);
  expect(peer.seen[0]?.path).toBe(`/v1/dead-letters/${T1}`);
  const refusal = new MultiswarmError('dead-letter-not-found', 'it is running');
  peer.json(404, refusal.toProblem());
  expect(await run('dead-letter', 'show', T1)).toEqual({ code: 3, out: '', err: 'error: it is running\n' });
});

describe('redrive and purge', () => {
  test.each(['redrive', 'purge'] as const)('%s of one asks nothing, and says who and why', async (verb) => {
    peer.json(200, reply());
    const { code, out, err } = await run('dead-letter', verb, T1, '--reason', 'the key was renewed');
    expect(code).toBe(0);
    expect(out).toMatch(/^TASK +OUTCOME +STATE +WHY\nt0-00000001 +redriven +queued +-\n$/);
    expect(err).toBe(`${verb === 'redrive' ? 'redriven' : 'purged'}: 1, unchanged 0, refused 0\n`);
    expect(sent()).toEqual([
      {
        path: `/v1/dead-letters/${verb}`,
        body: { ids: [T1], reason: 'the key was renewed', requestedBy: 'dana', dryRun: false },
      },
    ]);
  });

  test('several, or those that match, need a yes, after it was told how many they are', async () => {
    peer.json(200, reply({ dryRun: true, done: 40, next: 'n' }));
    for (const which of [[T1, T2], ['--code', 'no-key'], ['--all']]) {
      const { code, err } = await run('dead-letter', 'redrive', ...which);
      expect(code).toBe(2);
      expect(err).toContain('redrive 40 dead letters, and there are more: needs a yes');
    }
    expect(sent().map(({ body }) => Reflect.get(body as object, 'dryRun'))).toEqual([true, true, true]);
  });

  test('with --yes those that match are sent as they are meant', async () => {
    peer.json(200, reply({ next: 'n' }));
    const which = ['--code', 'no-key', '--type', 'report', '--state', 'failed', '--namespace', 'shop'];
    const more = ['--ended-before', '2030-01-01T00:00:00Z', '--limit', '5', '--cursor', 'c', '--yes'];
    const who = ['--requested-by', 'ann', '--idempotency-key', 'k1'];
    const { err } = await run('dead-letter', 'redrive', ...which, ...more, ...who);
    expect(err).toContain('there are more: --cursor n goes on with them\n');
    const filter = {
      ...{ type: 'report', namespace: 'shop', code: 'no-key', state: 'failed' },
      endedBefore: '2030-01-01T00:00:00.000Z',
    };
    const body = { filter, limit: 5, cursor: 'c', requestedBy: 'ann', idempotencyKey: 'k1', dryRun: false };
    expect(sent()).toEqual([{ path: '/v1/dead-letters/redrive', body }]);
    await run('dead-letter', 'purge', '--all', '--yes');
    expect(sent()[1]?.body).toEqual({ all: true, requestedBy: 'dana', dryRun: false });
  });

  test('--dry-run needs no yes, and says what would be', async () => {
    peer.json(200, reply({ dryRun: true, refused: 1 }));
    const { code, err } = await run('dead-letter', 'purge', '--all', '--dry-run');
    expect([code, err]).toEqual([0, 'would be purged: 1, unchanged 0, refused 1\n']);
    expect(sent()).toHaveLength(1);
  });

  test('what could not be done is exit 5, and its line says why', async () => {
    const error = { code: 'wrong-state', detail: 'its deadline has passed' };
    const items = [{ id: T1, outcome: 'refused', state: 'expired', error }];
    peer.json(200, reply({ done: 0, refused: 1, items }));
    const { code, out } = await run('dead-letter', 'redrive', T1);
    expect(code).toBe(5);
    expect(out).toMatch(/t0-00000001 +refused +expired +its deadline has passed\n$/);
  });

  test('programs get the whole answer', async () => {
    peer.json(200, reply());
    expect(JSON.parse((await run('dead-letter', 'redrive', T1, '-o', 'json')).out)).toEqual(reply());
    expect((await run('dead-letter', 'redrive', T1, '-o', 'name')).out).toBe(`${T1}\n`);
  });

  test.each([
    [['redrive'], 'which ones?'],
    [['purge', '--yes'], 'which ones?'],
    [['purge', T1, '--all'], 'ids, conditions and --all exclude each other'],
    [['redrive', T1, '--code', 'x'], 'ids, conditions and --all exclude each other'],
    [['redrive', '--all', '--limit', '1001'], '--limit must be a whole number from 1 to 1000'],
    [['purge', '--ended-before', 'soon', '--yes'], '"soon" is neither an instant nor a duration until now'],
  ])('%j is refused before anything is sent', async (argv, sentence) => {
    peer.json(200, reply());
    const { code, err } = await run('dead-letter', ...argv);
    expect([code, peer.seen]).toEqual([2, []]);
    expect(err).toContain(sentence);
  });
});
