import { MultiswarmError, type Explanation } from '@multiswarm/contracts';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url } });
  const code = await runCli(['task', 'explain', ...argv], io, '0');
  return { code, out: io.out(), err: io.err() };
}

const ID = 't0-00000001';
const AT = '2024-06-01T12:00:00.000Z';

function told(state: Explanation['state']): Explanation {
  return {
    ...{
      id: ID,
      type: 'work',
      namespace: 'default',
      priority: 'normal',
      state,
      stateSince: AT,
      explainedAt: AT,
    },
    why: { reason: 'paused', since: AT, detail: 'paused: the budget', unmet: [] },
    tries: { attempts: 0, failures: 0, maxAttempts: 3, losses: 0, lossesAllowed: 5, refusals: 0 },
    ...{ next: [], attempts: [], cost: 0, traceId: 'f' },
    requirements: {},
  };
}

test('asks why the task is where it is: text for people, the answer itself for programs, a row with -o name', async () => {
  peer.json(200, told('queued'));
  const { code, out } = await run(ID);
  expect(code).toBe(0);
  expect(out).toMatch(/^t0-00000001 {2}queued for 0 ms\n.*\n\n {2}why +paused: the budget\n/);
  expect(peer.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET /v1/tasks/${ID}/explain`]);
  expect(JSON.parse((await run(ID, '-o', 'json')).out)).toEqual(told('queued'));
  expect((await run(ID, '-o', 'name')).out).toBe(`${ID}\n`);
});

test('a task that is not there is exit code 3', async () => {
  peer.answerWith((_request, response) => {
    const problem = new MultiswarmError('task-not-found', 'there is no such task');
    sendJson(response, 404, { status: 404, code: problem.code, detail: problem.message, retryable: false });
  });
  expect(await run(ID)).toMatchObject({ code: 3, out: '' });
});

test('--watch explains again until the task has ended', async () => {
  let asked = 0;
  peer.answerWith((_request, response) => {
    asked += 1;
    sendJson(response, 200, told(asked < 2 ? 'queued' : 'cancelled'));
  });
  const { code, out } = await run(ID, '--watch');
  expect(code).toBe(0);
  expect(out).toMatch(/queued[^]*cancelled/);
});
