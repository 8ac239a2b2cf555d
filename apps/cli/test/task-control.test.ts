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
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url }, stdin: '{"from":"stdin"}' });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

const ID = 't0-00000001';
const task = (state: string, more: object = {}): object => ({
  ...{ id: ID, type: 'work', namespace: 'default', state, attempt: 1, cost: 0, priority: 'normal' },
  ...{ createdAt: new Date(0).toISOString(), retry: { maxAttempts: 3 }, attempts: [], input: {} },
  ...{ requirements: {}, usage: {}, metadata: {}, timeouts: {}, traceId: 'f' },
  ...more,
});

/** What was sent: the path, and the body if there was one. */
function sent(): { path: string; body: unknown }[] {
  return peer.seen
    .filter(({ method }) => method === 'POST')
    .map(({ path, body }) => ({ path, body: body === '' ? undefined : (JSON.parse(body) as unknown) }));
}

test.each([
  ['pause', [], {}],
  ['pause', ['--reason', 'the budget'], { reason: 'the budget' }],
  ['pause', ['--requested-by', 'ann'], { requestedBy: 'ann' }],
  ['resume', [], {}],
  ['resume', ['--requested-by', 'ann'], { requestedBy: 'ann' }],
  ['signal', ['approved'], { name: 'approved', payload: null }],
  ['signal', ['approved', '--payload', '{"by":"ann"}'], { name: 'approved', payload: { by: 'ann' } }],
  ['signal', ['approved', '--payload', '-'], { name: 'approved', payload: { from: 'stdin' } }],
  ['signal', ['approved', '--payload-text', 'by ann'], { name: 'approved', payload: 'by ann' }],
  ['retry', [], {}],
  ['retry', ['--requested-by', 'ann'], { requestedBy: 'ann' }],
])('task %s %j tells the task, and prints it as it is then', async (verb, more, body) => {
  peer.json(202, task('queued', { paused: { at: new Date(0).toISOString(), reason: 'x' } }));
  const { code, out } = await run('task', verb, ID, ...more);
  expect(code).toBe(0);
  expect(out).toMatch(/^TASK .*\nt0-00000001 +work +queued \(paused\) +1\/3 /);
  expect(sent()).toEqual([{ path: `/v1/tasks/${ID}/${verb}`, body }]);
  peer.json(202, task('queued'));
  expect(JSON.parse((await run('task', verb, ID, ...more, '-o', 'json')).out)).toMatchObject(task('queued'));
});

test.each([
  ['task', [], { requestedBy: 'dana' }],
  ['workflow', ['--requested-by', 'ann', '--reason', 'over'], { requestedBy: 'ann', reason: 'over' }],
])(
  '%s cancel %j says who asks: the user of the environment, where no other is named',
  async (what, more, body) => {
    peer.json(202, task('cancelled'));
    const io = memoryIo({ env: { MULTISWARM_URL: peer.url, USER: 'dana' }, stdin: '' });
    expect(await runCli([what, 'cancel', ID, ...more], io, '0')).toBe(0);
    expect(sent()).toEqual([{ path: `/v1/${what}s/${ID}/cancel`, body }]);
  },
);

test('how far a task is, and what it waits for, are columns of the wide table only', async () => {
  const waiting = {
    reason: 'paused',
    since: new Date(0).toISOString(),
    detail: 'paused: the budget',
    unmet: [],
  };
  peer.json(202, task('queued', { waiting, progress: { fraction: 0.5, message: 'half', at: 0 } }));
  expect((await run('task', 'resume', ID)).out).not.toMatch(/WAITS FOR|PROGRESS/);
  const { out } = await run('task', 'resume', ID, '-o', 'wide');
  expect(out).toMatch(/PROGRESS +WAITS FOR +AGE\n.* 50%, half +paused: the budget /);
});

test('what cannot be done in the state of the task is exit 5, with what to do instead', async () => {
  const detail = 'the task has succeeded: rerun it';
  peer.json(409, new MultiswarmError('wrong-state', detail).toProblem());
  expect(await run('task', 'retry', ID)).toEqual({ code: 5, out: '', err: `error: ${detail}\n` });
});

test.each([
  [['task', 'signal', ID], "missing required argument 'name'"],
  [['task', 'signal', ID, 'x', '--payload', '{oops'], '--payload is not valid JSON'],
  [['task', 'submit', 'work', '--wait-for-limit', '1h'], '--wait-for-limit without --wait-for'],
  [['task', 'submit', 'work', '--not-before', 'tomorrow'], '--not-before: "tomorrow" is neither'],
  [['task', 'submit', 'work', '--deadline', '2024-06-01'], '--deadline: "2024-06-01" is neither'],
  [['task', 'submit', 'work', '--start-limit', 'soon'], '"soon" is not a duration'],
  [
    ['task', 'submit', 'work', '--deadline', '2020-01-01T00:00Z', '--dry-run'],
    '/timeouts/deadline: has passed',
  ],
  [
    ['task', 'submit', 'work', '--deadline', '1h', '--not-before', '2h', '--dry-run'],
    'must be later than notBefore',
  ],
  [['task', 'submit', 'work', '--start-limit', '0'], '/timeouts/scheduleToStartMs'],
  [['task', 'submit', 'work', '--limit-key', 'customer:*'], '/limitKeys/0'],
  [['task', 'submit', 'work', '--wait-for', 'two words'], '/waitFor/signal'],
])('%j is refused before anything is sent', async (argv, sentence) => {
  peer.json(202, {});
  const { code, err } = await run(...argv);
  expect([code, peer.seen]).toEqual([2, []]);
  expect(err).toContain(sentence);
});

describe('retry --wait and rerun', () => {
  const answer = (post: object, ended: string): void =>
    peer.answerWith((request, response) =>
      request.method === 'POST'
        ? sendJson(response, 202, post)
        : sendJson(response, 200, task(ended, { error: { code: 'boom', message: 'it broke' } })),
    );

  test.each([
    ['succeeded', 0],
    ['failed', 1],
    ['expired', 1],
  ])('retry --wait of a task that is %s at its end is exit %i', async (ended, exit) => {
    answer(task('queued'), ended);
    const { code, out } = await run('task', 'retry', ID, '--wait', '-o', 'name');
    expect([code, out]).toEqual([exit, `${ID}\n`]);
  });

  test('rerun prints the new task, and sends the key that makes it safe to repeat', async () => {
    const accepted = { id: 't0-00000002', state: 'queued', duplicate: true };
    answer(accepted, 'succeeded');
    const { code, out, err } = await run('task', 'rerun', ID, '--idempotency-key', 'again', '-o', 'json');
    expect([code, JSON.parse(out)]).toEqual([0, accepted]);
    expect(err).toBe('t0-00000002 was submitted before under this idempotency key\n');
    expect(sent()).toEqual([{ path: `/v1/tasks/${ID}/rerun`, body: { idempotencyKey: 'again' } }]);
  });

  test('rerun --wait waits for the new one', async () => {
    answer({ id: 't0-00000002', state: 'queued', duplicate: false }, 'succeeded');
    expect(await run('task', 'rerun', ID, '--wait', '-o', 'name')).toMatchObject({
      code: 0,
      err: 'task t0-00000002\n',
    });
    expect(peer.seen.map(({ path }) => path)).toEqual([`/v1/tasks/${ID}/rerun`, '/v1/tasks/t0-00000002']);
  });
});

test('submit sends when it may start, by what it takes turns, every limit of time, and how it is retried', async () => {
  peer.json(202, { id: ID, state: 'blocked', duplicate: false });
  const before = Date.now();
  const { code } = await run(
    ...['task', 'submit', 'work', '--fairness-key', 'customer:acme'],
    ...['--limit-key', 'customer:acme', '--limit-key', 'model:gpt'],
    ...['--not-before', '2030-01-02T03:04:05+01:00', '--wait-for', 'approved', '--wait-for-limit', '24h'],
    ...['--start-limit', '10m', '--run-limit', '2m', '--silence-limit', '15s', '--deadline', '2h'],
    ...['--max-attempts', '5', '--retry-limit', '1h', '--retry-wait', '5s', '--retry-factor', '1.5'],
    ...['--retry-wait-limit', '10m', '--retry-jitter', '0', '--non-retryable', 'bad-input,not-found'],
    ...['--resource', 'cpu=2', '--metadata', 'ticket=0815', '--estimate', '90s'],
  );
  const body = sent()[0]?.body as { timeouts: { deadline: string } };
  const { deadline } = body.timeouts;
  expect(code).toBe(0);
  expect(body).toEqual({
    type: 'work',
    fairnessKey: 'customer:acme',
    limitKeys: ['customer:acme', 'model:gpt'],
    notBefore: '2030-01-02T02:04:05.000Z',
    waitFor: { signal: 'approved', timeoutMs: 86_400_000 },
    retry: {
      ...{ maxAttempts: 5, initialMs: 5_000, factor: 1.5, maxMs: 600_000, jitter: 0 },
      ...{ nonRetryableCodes: ['bad-input', 'not-found'], totalMs: 3_600_000 },
    },
    requirements: { resources: { cpu: 2 } },
    metadata: { ticket: '0815' },
    estimateMs: 90_000,
    timeouts: { scheduleToStartMs: 600_000, startToCloseMs: 120_000, heartbeatMs: 15_000, deadline },
  });
  const inMs = Date.parse(deadline) - 2 * 3_600_000;
  expect(inMs).toBeGreaterThanOrEqual(before);
  expect(inMs).toBeLessThanOrEqual(Date.now());
});
