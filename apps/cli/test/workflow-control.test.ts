import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERRORS, MultiswarmError } from '@multiswarm/contracts';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
let directory: string;
beforeAll(async () => {
  peer = await HttpPeer.start();
  directory = await mkdtemp(join(tmpdir(), 'workflow-control-'));
});
afterAll(async () => {
  await peer.stop();
  await rm(directory, { recursive: true, force: true });
});

const STEPS = { tasks: [{ id: 'more', type: 'work' }], dependencies: { more: ['build'] } };

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_URL: peer.url }, stdin: JSON.stringify(STEPS) });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

const ID = 'w0-00000001';
const AT = new Date(0).toISOString();
const workflow = (state: string, more: object = {}): object => ({
  ...{ id: ID, name: 'release', namespace: 'default', state, createdAt: AT, cost: 0 },
  ...{ steps: [], counts: { running: 1 }, metadata: {}, traceId: 'f' },
  ...more,
});

function sent(): { path: string; body: unknown }[] {
  return peer.seen
    .filter(({ method }) => method === 'POST')
    .map(({ path, body }) => ({ path, body: JSON.parse(body) as unknown }));
}

test.each([
  [['pause', ID, '--reason', 'the budget'], 'pause', { reason: 'the budget' }],
  [['pause', ID, '--requested-by', 'ann'], 'pause', { requestedBy: 'ann' }],
  [['resume', ID], 'resume', {}],
  [['signal', ID, 'released'], 'signal', { name: 'released', payload: null }],
  [['signal', ID, 'released', '--payload', '{"n":2}'], 'signal', { name: 'released', payload: { n: 2 } }],
  [
    ['signal', ID, 'released', '--payload-text', 'now', '--step', 'wait'],
    'signal',
    { name: 'released', payload: 'now', step: 'wait' },
  ],
  [['approve', ID, 'review'], 'approve', { step: 'review', approved: true }],
  [
    ['approve', ID, 'review', '--note', 'fine', '--requested-by', 'dana'],
    'approve',
    { step: 'review', approved: true, note: 'fine', requestedBy: 'dana' },
  ],
  [
    ['reject', ID, 'review', '--note', 'a typo'],
    'approve',
    { step: 'review', approved: false, note: 'a typo' },
  ],
  [['add-steps', ID, '-'], 'steps', STEPS],
])('workflow %j tells the run, and prints it as it is then', async (argv, verb, body) => {
  peer.json(202, workflow('running', { paused: { at: AT, reason: 'x' } }));
  const { code, out } = await run('workflow', ...argv);
  expect(code).toBe(0);
  expect(out).toMatch(/^WORKFLOW .*\nw0-00000001 +release +running \(paused\) /);
  expect(sent()).toEqual([{ path: `/v1/workflows/${ID}/${verb}`, body }]);
  peer.json(202, workflow('running'));
  expect(JSON.parse((await run('workflow', ...argv, '-o', 'json')).out)).toEqual(workflow('running'));
});

test.each([
  [[], {}],
  [['--failed'], { from: { failed: true } }],
  [['--from', 'build,test', '--from', 'lint'], { from: { steps: ['build', 'test', 'lint'] } }],
  [
    ['--event', '17', '--input', '{"fast":true}', '--requested-by', 'ann', '--idempotency-key', 'once'],
    { from: { event: 17 }, input: { fast: true }, requestedBy: 'ann', idempotencyKey: 'once' },
  ],
])('workflow rerun %j prints the new run', async (more, body) => {
  const accepted = { id: 'w0-00000002', state: 'running', duplicate: true };
  peer.json(202, accepted);
  const { code, out, err } = await run('workflow', 'rerun', ID, ...more, '-o', 'json');
  expect([code, JSON.parse(out)]).toEqual([0, accepted]);
  expect(err).toBe('w0-00000002 was submitted before under this idempotency key\n');
  expect(sent()).toEqual([{ path: `/v1/workflows/${ID}/rerun`, body }]);
});

test.each([
  ['succeeded', 0],
  ['failed', 1],
])('workflow rerun --wait of a run that has %s at its end is exit %i', async (state, exit) => {
  peer.answerWith((request, response) =>
    request.method === 'POST'
      ? sendJson(response, 202, { id: 'w0-00000002', state: 'running', duplicate: false })
      : sendJson(response, 200, workflow(state, { id: 'w0-00000002', endedAt: AT })),
  );
  const { code, out } = await run('workflow', 'rerun', ID, '--wait', '-o', 'name');
  expect([code, out]).toEqual([exit, 'w0-00000002\n']);
});

test('what is wrong with steps is told with their lines, and added is nothing', async () => {
  const file = join(directory, 'more.yaml');
  await writeFile(file, 'tasks:\n  - { id: more, type: work }\ndependencies:\n  more: [nobody]\n');
  const message = 'neither the run nor the added tasks have a step "nobody"';
  const findings = [{ pointer: '/dependencies/more/0', code: 'unknown-dependency', message }];
  peer.json(400, new MultiswarmError('invalid-workflow', message, { findings }).toProblem());
  const { code, err } = await run('workflow', 'add-steps', ID, file);
  expect(code).toBe(2);
  expect(err).toContain('cannot be used as it is; nothing was added');
  expect(err).toContain(`${message} (line 4)`);
});

test.each([
  ['wrong-state', 5],
  ['approval-not-allowed', 4],
  ['step-not-found', 3],
] as const)('a refusal with %s is exit %i', async (code, exit) => {
  peer.json(ERRORS[code].status, new MultiswarmError(code, 'it cannot be done').toProblem());
  expect(await run('workflow', 'approve', ID, 'review')).toMatchObject({ code: exit, out: '' });
});

test.each([
  [['signal', ID], "missing required argument 'name'"],
  [['approve', ID], "missing required argument 'step'"],
  [['rerun', ID, '--failed', '--from', 'a'], '--from, --failed and --event: give one of them'],
  [['rerun', ID, '--event', 'first'], '--event must be a whole number'],
  [['rerun', ID, '--input', '{oops'], '--input is not valid JSON'],
])('workflow %j is refused before anything is sent', async (argv, sentence) => {
  peer.json(202, {});
  const { code, err } = await run('workflow', ...argv);
  expect([code, peer.seen]).toEqual([2, []]);
  expect(err).toContain(sentence);
});
