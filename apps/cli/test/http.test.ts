import { ERRORS, MultiswarmError, type ErrorCode } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { anyFreePort } from '../src/probes/ports';
import { runCli } from '../src/cli';
import { runCliProcess, startCli, type CliProcess } from './support/cli-process';
import { HttpPeer, sendJson } from './support/http-peer';
import { hurried, memoryIo } from './support/memory-io';

let peer: HttpPeer;
const started: CliProcess[] = [];

beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());
afterEach(async () => {
  for (const cli of started.splice(0)) {
    cli.child.kill('SIGKILL');
    await cli.exited;
  }
});

function start(...argv: string[]): CliProcess {
  const cli = startCli(argv, { env: { MULTISWARM_URL: peer.url } });
  started.push(cli);
  return cli;
}

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url } });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

const summary = (id: string): object => ({
  id,
  type: 'work',
  namespace: 'default',
  state: 'queued',
  createdAt: new Date(0).toISOString(),
  priority: 'normal',
  retry: { maxAttempts: 3 },
  attempt: 0,
  cost: 0,
});

describe('exit codes', () => {
  test.each(Object.keys(ERRORS) as ErrorCode[])('%s has the exit code of the catalogue', async (code) => {
    const problem = new MultiswarmError(code, 'the reason').toProblem('0123');
    peer.json(problem.status, problem);
    const { code: exit, err } = await run('task', 'get', 't0-00000001', '-o', 'json');
    expect(exit).toBe(ERRORS[code].exit);
    expect(JSON.parse(err)).toMatchObject({
      code,
      exit,
      detail: 'the reason',
      traceId: '0123',
      status: problem.status,
    });
  });

  test.each([
    [401, 4],
    [404, 3],
    [409, 5],
    [502, 7],
    [504, 6],
    [500, 1],
  ])('a status %i without a code of ours is exit %i', async (status, exit) => {
    peer.answerWith((_request, response) => void response.writeHead(status).end('<html>Bad Gateway</html>'));
    const { code, err } = await run('status');
    expect(code).toBe(exit);
    expect(err).toContain(
      `${peer.url} answers, but not like an orchestrator: ${status} <html>Bad Gateway</html>`,
    );
  });

  test('a problem with findings lists each with its place', async () => {
    const findings = [
      { pointer: '/type', code: 'x', message: 'too long' },
      { pointer: '', code: 'y', message: 'all of it' },
    ];
    peer.json(400, new MultiswarmError('invalid-request', 'two faults', { findings }).toProblem());
    const { code, err } = await run('task', 'submit', 'work');
    expect(code).toBe(2);
    expect(err).toBe('error: two faults\n  /type: too long\n  /: all of it\n');
  });

  test('a finding that the sentence has said already is not listed once more', async () => {
    const findings = [
      { pointer: '/type', code: 'x', message: 'too long' },
      { pointer: '/input', code: 'y', message: 'too large' },
    ];
    const refuse = (sentence: string, count: number): void => {
      const problem = new MultiswarmError('invalid-request', sentence, {
        findings: findings.slice(0, count),
      });
      peer.json(400, problem.toProblem());
    };
    refuse('/type: too long', 1);
    expect((await run('task', 'submit', 'work')).err).toBe('error: /type: too long\n');
    refuse('/type: too long (and 1 more)', 2);
    expect((await run('task', 'submit', 'work')).err).toBe(
      'error: /type: too long (and 1 more)\n  /input: too large\n',
    );
  });

  test('something else that answers on the port is told apart', async () => {
    peer.answerWith((_request, response) => void response.writeHead(200).end('It works!'));
    expect(await run('status')).toMatchObject({
      code: 7,
      err: expect.stringContaining('not like an orchestrator: 200 It works!') as string,
    });
  });

  test('nobody there is exit 7 with the reason and a hint, as a process too', async () => {
    const nobody = `http://127.0.0.1:${await anyFreePort()}`;
    const { code, out, err } = await runCliProcess(['status', '--url', nobody]);
    expect({ code, out }).toEqual({ code: 7, out: '' });
    expect(err).toContain(`nothing answers at ${nobody} (connection refused)`);
    expect(err).toContain('hint: start everything with "npm start"');
  });
});

describe('submitting', () => {
  test('sends only what was asked for', async () => {
    peer.json(202, { id: 't0-00000001', state: 'queued', duplicate: false });
    const { code, out } = await run(
      'task',
      'submit',
      'work',
      '--input',
      '[1]',
      '--priority',
      'high',
      '--capability',
      'llm',
      '--region',
      'eu-*',
      '--attribute',
      'memory=40',
      '--max-attempts',
      '5',
      '-o',
      'name',
    );
    expect({ code, out }).toEqual({ code: 0, out: 't0-00000001\n' });
    expect(JSON.parse(peer.seen[0]?.body ?? '')).toEqual({
      type: 'work',
      input: [1],
      priority: 'high',
      requirements: { capabilities: ['llm'], region: ['eu-*'], attributes: { memory: 40 } },
      retry: { maxAttempts: 5 },
    });
  });

  test.each([
    [['task', 'submit', 'work', '--priority', 'urgent'], '/priority'],
    [['task', 'submit', 'two words'], '/type'],
    [['task', 'submit', 'work', '--input', '{oops'], '--input is not valid JSON'],
    [['task', 'submit', 'work', '--input', '@missing.json'], 'cannot read missing.json: no such file'],
    [['workflow', 'run', '.'], 'cannot read .: it is a directory'],
  ])('%j is refused before anything is sent', async (argv, expected) => {
    peer.json(202, {});
    const { code, err } = await run(...argv);
    expect(code).toBe(2);
    expect(err).toContain(expected);
    expect(peer.seen).toEqual([]);
  });

  test('--dry-run sends nothing and prints what would be sent', async () => {
    peer.json(202, {});
    const { code, out } = await run('task', 'submit', 'work', '--dry-run');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ type: 'work', priority: 'normal' });
    expect(peer.seen).toEqual([]);
  });
});

describe('lists', () => {
  const pages = (request: { query: Record<string, string> }): object =>
    request.query['cursor'] === 'next'
      ? { items: [summary('t0-2')], next: null }
      : { items: [summary('t0-1')], next: 'next' };

  test('one page names the next; --all follows the cursor', async () => {
    peer.answerWith((request, response) => sendJson(response, 200, pages(request)));
    const page = await run('task', 'list', '--state', 'queued', '--limit', '1', '-o', 'name');
    expect(page.out).toBe('t0-1\n');
    expect(page.err).toContain('--cursor next');
    expect(peer.seen[0]?.query).toEqual({ state: 'queued', limit: '1' });
    const all = await run('task', 'list', '--all', '-o', 'json');
    expect(JSON.parse(all.out)).toMatchObject({ items: [{ id: 't0-1' }, { id: 't0-2' }], next: null });
    expect((await run('task', 'list', '--all')).out).toMatch(/^TASK .*\nt0-1 .*\nt0-2 /);
  });
});

describe('waiting', () => {
  const task = (state: string): object => ({
    ...summary('t0-00000001'),
    state,
    attempts: [],
    input: {},
    requirements: {},
    usage: {},
    metadata: {},
    traceId: 'f',
    timeouts: {},
  });

  test('goes on across a service that refuses, and says so', async () => {
    let asked = 0;
    peer.answerWith((request, response) => {
      if (request.method === 'POST')
        return sendJson(response, 202, { id: 't0-00000001', state: 'queued', duplicate: false });
      asked += 1;
      if (asked === 2)
        return sendJson(response, 503, new MultiswarmError('shard-unavailable', 'moving').toProblem());
      return sendJson(response, 200, task(asked < 4 ? 'running' : 'succeeded'));
    });
    const { code, err } = await run('task', 'submit', 'work', '--wait', '-o', 'name');
    expect(code).toBe(0);
    expect(err).toBe(
      `task t0-00000001\n${peer.url} does not answer; trying again\n${peer.url} answers again\n`,
    );
    expect(peer.seen.slice(1).map(({ query }) => query['waitMs'])).toEqual(['60000', '60000', '0', '60000']);
  });

  test('ends with 1 when the work failed, 6 when the time is over', async () => {
    peer.answerWith((request, response) =>
      sendJson(
        response,
        200,
        request.method === 'POST'
          ? { id: 't0-00000001', state: 'queued' }
          : { ...task('failed'), error: { code: 'boom', message: 'it broke', retryable: false } },
      ),
    );
    expect(await run('task', 'submit', 'work', '--wait')).toMatchObject({
      code: 1,
      err: 'task t0-00000001\nerror: task t0-00000001 failed: it broke (boom)\n',
    });
    peer.json(200, { id: 't0-00000001', ...task('running') });
    expect(await run('task', 'submit', 'work', '--wait', '--timeout', '50ms')).toMatchObject({ code: 6 });
  });

  const waitsFor = (detail: string): object => ({
    ...task('queued'),
    waiting: { reason: 'no-swarm', since: new Date(0).toISOString(), detail, unmet: [] },
  });

  test('says at once which task it is, then why it waits, and again when the reason is another one', async () => {
    const reasons = ['nobody has a GPU', 'nobody has a GPU', 'all slots are busy'];
    let end: () => void = () => undefined;
    peer.answerWith((request, response) => {
      if (request.method === 'POST') return sendJson(response, 202, { id: 't0-00000001', state: 'queued' });
      if (request.query['waitMs'] !== undefined) {
        end = () => sendJson(response, 200, task('succeeded'));
        return;
      }
      const reason = reasons.shift();
      sendJson(response, 200, reason === undefined ? task('queued') : waitsFor(reason));
      if (reason === undefined) end();
    });
    const io = hurried(memoryIo({ env: { MULTISWARM_URL: peer.url } }));
    expect(await runCli(['task', 'submit', 'work', '--wait', '-o', 'name'], io, '0')).toBe(0);
    expect(io.err()).toBe('task t0-00000001\nwaiting: nobody has a GPU\nwaiting: all slots are busy\n');
  });

  test('names the reason when the time is over', async () => {
    peer.answerWith((request, response) =>
      sendJson(
        response,
        200,
        request.method === 'POST' ? { id: 't0-00000001' } : waitsFor('nobody has a GPU'),
      ),
    );
    const { code, err } = await run('task', 'submit', 'work', '--wait', '--timeout', '50ms');
    expect(code).toBe(6);
    expect(err).toContain('t0-00000001 has not ended after 0.05 s (waiting: nobody has a GPU); it goes on');
  });

  test('Ctrl-C leaves the work alone and says how to find it: exit 130', async () => {
    let held = false;
    peer.answerWith((request, response) => {
      if (request.method === 'POST') sendJson(response, 202, { id: 't0-00000001', state: 'queued' });
      else held = true;
    });
    const io = memoryIo({ env: { MULTISWARM_URL: peer.url } });
    const running = runCli(['task', 'submit', 'work', '--wait'], io, '0');
    await eventually(() => held);
    io.interrupt();
    expect(await running).toBe(130);
    expect(io.err()).toContain('the task goes on: swarmctl task get t0-00000001');
  });
});

describe('cancelling a task', () => {
  test.each([
    ['succeeded', 'succeeded', 'task t0-1 had ended before (succeeded): nothing was cancelled\n'],
    ['cancelled', 'cancelled', 'task t0-1 had ended before (cancelled): nothing was cancelled\n'],
    ['running', 'failed', 'task t0-1 had ended before (failed): nothing was cancelled\n'],
    ['queued', 'cancelled', ''],
    ['running', 'running', ''],
  ])('that was %s and is %s says on stderr whether that came too late', async (before, after, said) => {
    peer.answerWith((request, response) =>
      sendJson(response, 200, { ...summary('t0-1'), state: request.method === 'GET' ? before : after }),
    );
    expect(await run('task', 'cancel', 't0-1', '-o', 'name')).toEqual({ code: 0, out: 't0-1\n', err: said });
  });
});

describe('cordon and drain', () => {
  const swarm = (state: string, held = 0): object => ({
    ...{ swarmId: 'a', region: 'eu-west', slots: 4, types: ['*'], capabilities: [], labels: {} },
    ...{ attributes: {}, resources: {}, costPerHour: 1, state, busySlots: held, freeSlots: 0 },
    held: Array.from({ length: held }, () => ({ taskId: 't0-00000001', attempt: 1 })),
    lastSeen: new Date().toISOString(),
  });

  test.each(['cordon', 'drain', 'uncordon'])(
    '%s asks for it, with the reason, and shows the swarm',
    async (kind) => {
      peer.json(202, swarm('draining'));
      const { code, out } = await run('swarm', kind, 'a', '--reason', 'new kernel', '-o', 'json');
      expect([code, JSON.parse(out)]).toMatchObject([0, { swarmId: 'a', state: 'draining' }]);
      expect(peer.seen).toMatchObject([
        { method: 'POST', path: `/v1/swarms/a/${kind}`, body: '{"reason":"new kernel"}' },
      ]);
    },
  );

  test('a swarm that nobody knows is exit 3', async () => {
    peer.json(404, new MultiswarmError('swarm-not-found', 'no swarm "x" is connected').toProblem());
    expect(await run('swarm', 'drain', 'x')).toEqual({
      ...{ code: 3, out: '', err: 'error: no swarm "x" is connected\n' },
    });
  });

  const draining = (...seen: (object | number)[]): void =>
    peer.answerWith((request, response) => {
      if (request.method === 'POST') return sendJson(response, 202, swarm('draining', 1));
      const next = (seen.length > 1 ? seen.shift() : seen[0]) ?? 500;
      if (typeof next !== 'number') return sendJson(response, 200, next);
      const code = next === 404 ? 'swarm-not-found' : 'bus-unavailable';
      sendJson(response, next, new MultiswarmError(code, 'not now').toProblem());
    });

  test.each([
    ['it holds nothing', [swarm('ready'), swarm('draining', 1), 503, swarm('draining')], ''],
    ['it has stopped', [swarm('draining', 1), 404], 'swarm a has stopped\n'],
    ['it is down', [swarm('draining', 1), swarm('down', 1)], ''],
  ])('drain --wait ends when %s', async (_name, seen, said) => {
    draining(...seen);
    const io = hurried(memoryIo({ env: { MULTISWARM_URL: peer.url } }));
    expect(await runCli(['swarm', 'drain', 'a', '--wait', '-o', 'name'], io, '0')).toBe(0);
    expect([io.out(), io.err()]).toEqual(['a\n', said]);
    expect(peer.seen).toHaveLength(1 + seen.length);
  });

  test('drain --wait is exit 6 when the time is over, and says what is left', async () => {
    draining(swarm('draining', 2));
    const { code, err } = await run('swarm', 'drain', 'a', '--wait', '--timeout', '50ms');
    expect(code).toBe(6);
    expect(err).toContain('a has not drained after 0.05 s, it holds 2 attempts; it goes on');
  });
});

describe('event tail', () => {
  const event = (seq: number): object => ({
    v: 1,
    type: 'task.queued',
    seq,
    at: 0,
    namespace: 'default',
    root: 't0-1',
    taskId: 't0-1',
  });

  test('takes a broken stream up again after the last event, and reports gaps', async () => {
    peer.answerWith((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (peer.seen.length === 1) response.end(': hello\n\n');
      else if (request.headers['last-event-id'] === undefined) {
        // Closed without the end that HTTP asks for: what a connection looks like that breaks.
        const text = `id: 5-0\nevent: task.queued\ndata: ${JSON.stringify(event(1))}\n\n`;
        response.write(text, () => void response.socket?.end());
      } else {
        response.write(
          `event: gap\ndata: {"from":6,"to":8}\n\nid: 9-0\ndata: ${JSON.stringify(event(2))}\n\n`,
        );
      }
    });
    const cli = start('event', 'tail', '--type', 'task.*', '-o', 'jsonl');
    await eventually(() => cli.out().trim().split('\n').length === 2, {
      timeoutMs: 15_000,
      describe: () => `two events, but: ${cli.out()}${cli.err()}`,
    });
    cli.child.kill('SIGINT');
    expect(await cli.exited).toBe(0);
    expect(
      cli
        .out()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { id: '5-0', seq: 1 },
      { id: '9-0', seq: 2 },
    ]);
    expect(cli.err()).toMatch(/^gap: the connection broke before the server had said where its stream is\n/);
    expect(cli.err()).toContain('the stream broke; going on after 5-0');
    expect(cli.err()).toContain('gap: events were lost here: {"from":6,"to":8}');
    expect(peer.seen.map(({ query, headers }) => [query['type'], headers['last-event-id']])).toEqual([
      ['task.*', undefined],
      ['task.*', undefined],
      ['task.*', '5-0'],
    ]);
  });

  test('a refusal ends it', async () => {
    peer.json(400, new MultiswarmError('invalid-request', 'no such id').toProblem());
    expect(await run('event', 'tail', '--since', 'x')).toMatchObject({ code: 2 });
  });
});

test('output into a pipe that is closed early is no error', async () => {
  peer.answerWith((_request, response) =>
    sendJson(response, 200, {
      items: Array.from({ length: 20_000 }, (_item, index) => summary(`t0-${index}`)),
      next: null,
    }),
  );
  const cli = start('task', 'list', '-o', 'jsonl');
  cli.child.stdout?.once('data', () => cli.child.stdout?.destroy());
  expect(await cli.exited).toBe(0);
  expect(cli.err()).toBe('');
});
