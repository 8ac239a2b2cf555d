import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { hurried, memoryIo } from './support/memory-io';

const HURRY = 50;
const ID = 'w0-00000001';
let peer: HttpPeer;

beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

function workflow(state: string, steps: number, stepState: string): object {
  return {
    id: ID,
    name: 'plan',
    namespace: 'default',
    state,
    createdAt: new Date(0).toISOString(),
    steps: Array.from({ length: steps }, (_step, index) => ({
      id: `step-${index}`,
      taskId: `t0-${index}`,
      type: 'work',
      dependsOn: [],
      state: stepState,
      attempt: 0,
      cost: 0,
    })),
    counts: {},
    cost: 0,
    metadata: {},
    traceId: 'f',
  };
}

/** A workflow that ends when its queued tasks were asked for once more than there are reasons, unless its record is held otherwise. */
function answerAs(
  steps: number,
  reasons: string[][],
  hold?: (waitMs: number, answer: () => void) => void,
): void {
  let end: () => void = () => undefined;
  peer.answerWith((request, response) => {
    if (request.method === 'POST') return sendJson(response, 202, { id: ID, state: 'running' });
    if (request.path === '/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      return;
    }
    if (request.path === '/v1/tasks') {
      const items = (reasons.shift() ?? []).map((detail) => ({ waiting: { detail } }));
      sendJson(response, 200, { items, next: null });
      if (items.length === 0) end();
      return;
    }
    if (request.query['waitMs'] === undefined)
      return sendJson(response, 200, workflow('running', steps, 'queued'));
    hold?.(Number(request.query['waitMs']), () =>
      sendJson(response, 200, workflow('running', steps, 'queued')),
    );
    end = () => sendJson(response, 200, workflow('succeeded', steps, 'succeeded'));
  });
}

async function follow(terminal: boolean, ...more: string[]): Promise<{ code: number; err: string }> {
  const io = memoryIo({
    env: { MULTISWARM_URL: peer.url, NO_COLOR: '1' },
    stdin: JSON.stringify({ tasks: [{ id: 'a', type: 'work' }] }),
    terminal,
  });
  const argv = ['workflow', 'run', '-', '--wait', '-o', 'name', ...more];
  return { code: await runCli(argv, hurried(io, HURRY), '0'), err: io.err() };
}

test('a workflow of which nothing runs says why, and again only when the reason is another one', async () => {
  answerAs(1, [
    ['nobody has a GPU', 'nobody has a GPU'],
    ['nobody has a GPU'],
    ['all slots are busy', 'no GPU'],
  ]);
  const { code, err } = await follow(false);
  expect(code).toBe(0);
  expect(err.match(/^waiting: .*$/gm)).toEqual([
    'waiting: nobody has a GPU',
    'waiting: all slots are busy (and 1 other reason)',
  ]);
  const asked = peer.seen.find(({ method, path }) => method === 'GET' && path === '/v1/tasks');
  expect(asked?.query).toMatchObject({ workflow: ID, state: 'queued' });
});

test('on a terminal the reason is a line of the block, gone when the workflow has ended', async () => {
  answerAs(1, [['nobody has a GPU'], ['nobody has a GPU']]);
  const { err } = await follow(true);
  expect(err).toContain('  waiting: nobody has a GPU');
  expect(err.slice(err.lastIndexOf('plan  succeeded'))).not.toContain('waiting:');
});

test('the reason is told when the time is over', async () => {
  answerAs(1, [['nobody has a GPU']], (waitMs, answer) => void setTimeout(answer, waitMs / HURRY));
  const { code, err } = await follow(false, '--timeout', '6s');
  expect(code).toBe(6);
  expect(err).toContain('has not ended after 6 s (waiting: nobody has a GPU); it goes on');
});

test('a large workflow is a summary now and then, not lines for each step', async () => {
  answerAs(201, [['nobody has a GPU']]);
  const { err } = await follow(false);
  expect(err).toBe(`workflow ${ID}\n201 queued\nwaiting: nobody has a GPU\n201 succeeded\n`);
});
