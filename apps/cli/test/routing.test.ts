import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { MULTISWARM_LOAD_BALANCER_URL: peer.url, MULTISWARM_URL: peer.url, USER: 'ann' };
  const io = memoryIo({ env });
  const code = await runCli(argv, io, '0');
  return { code, out: io.out(), err: io.err() };
}

function golden(name: string): object {
  const path = join(__dirname, '../../../libs/contracts/golden/v1', `${name}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as object;
}

const answer = (body: object): void => peer.answerWith((_request, response) => sendJson(response, 200, body));
const asked = () => {
  const { method, path, query, body } = peer.seen.at(-1) ?? { method: '', path: '', query: {}, body: '' };
  return { method, path, query, body: body === '' ? undefined : (JSON.parse(body) as unknown) };
};

test('needs and wishes are options of what is submitted and of what is routed', async () => {
  const needs = ['--attribute', 'vram>=40', '--label', 'tier in gold,silver', '--max-cost', '2.5'];
  const wishes = [
    '--near',
    'eu',
    '--prefer',
    '80 label tier=gold',
    '--spread',
    'zone,must',
    '--policy',
    'cost',
  ];
  const body = {
    requirements: {
      ...{ attributes: { vram: { '>=': 40 } }, labels: { tier: { in: ['gold', 'silver'] } } },
      maxCostPerSlotHour: 2.5,
    },
    routing: {
      ...{ near: 'eu', policy: 'cost', spread: { over: 'zone', must: true } },
      prefer: [{ weight: 80, labels: { tier: 'gold' } }],
    },
  };
  answer(golden('accepted'));
  expect((await run('task', 'submit', 'work', ...needs, ...wishes)).code).toBe(0);
  expect(asked()).toMatchObject({ path: '/v1/tasks', body: { type: 'work', ...body } });
  answer(golden('route-reply'));
  expect((await run('route', ...needs, ...wishes, '--kind', 'swarm')).code).toBe(0);
  expect(asked()).toMatchObject({ path: '/v1/route', body: { kind: 'swarm', ...body } });
});

test('a request is simulated by options or by JSON, and not by both', async () => {
  answer(golden('simulation'));
  await run('policy', 'simulate', '--label', 'tier=gold', '--routing', '{"near":"eu"}', '--policy', 'cost');
  expect(asked().body).toEqual({
    ...{ requirements: { labels: { tier: 'gold' } }, routing: { near: 'eu' }, policies: ['cost'] },
  });
  const { code, err } = await run('policy', 'simulate', '--near', 'eu', '--routing', '{"near":"us"}');
  expect(code).toBe(2);
  expect(err).toContain('use one way of saying it');
});

test('what another policy would have decided is summed up, with the differences', async () => {
  answer(golden('replay'));
  const { code, out } = await run('decision', 'replay', 'cost', '--made-by', 'hybrid', '--limit', '20');
  expect(code).toBe(0);
  expect(asked()).toMatchObject({
    ...{ method: 'POST', path: '/v1/decisions/replay' },
    body: { policy: 'cost', madeBy: 'hybrid', limit: 20 },
  });
  expect(out).toContain('150 (75%)');
  expect(out).toMatch(
    /hybrid +eu-west-writers \(50%, \$2\.00\/h\) +us-east-writers \(75%, \$1\.00\/h\) +cheapest/,
  );
  answer({ ...golden('replay'), replayed: 0, items: [], means: null });
  expect((await run('decision', 'replay', 'cost')).out).toContain('no decision that is kept fits');
});

test('the last minute of routing is shown at a glance', async () => {
  answer(golden('routing-metrics'));
  const { code, out } = await run('policy', 'metrics');
  expect(code).toBe(0);
  expect(asked()).toMatchObject({ method: 'GET', path: '/v1/routing/metrics' });
  expect(out).toMatch(/120 in 1m 00s, 2\.0 a second; 20 went nowhere/);
  expect(out).toMatch(/321 ms on average, 10% slower than 500 ms/);
  expect(out).toMatch(/hybrid +120 +100 +80 +95% +321 ms/);
});

test('what was learned is listed, and each command to it says who and why', async () => {
  answer(golden('learning-page'));
  expect((await run('learning', 'list', '--type', 'render')).code).toBe(0);
  expect(asked()).toMatchObject({ path: '/v1/learning', query: { type: 'render' } });
  expect((await run('learning', 'get')).out).toContain('what operators did');
  answer({ ...golden('learning-page'), items: [] });
  expect(await run('learning', 'get', 'render', 'gpu')).toMatchObject({ code: 3 });
  expect(asked().query).toMatchObject({ type: 'render', swarmClass: 'gpu' });
  answer(golden('learning-page'));
  const reset = ['learning', 'reset', '--swarm-class', 'gpu', '--reason', 'new cards'];
  expect((await run(...reset)).code).toBe(0);
  expect(asked()).toMatchObject({
    path: '/v1/learning/reset',
    body: { swarmClass: 'gpu', reason: 'new cards', requestedBy: 'ann' },
  });
  expect((await run('learning', 'freeze', '--reason', 'test')).code).toBe(0);
  expect(asked()).toMatchObject({ path: '/v1/learning/freeze', body: { reason: 'test' } });
});

test.each([
  [['learning', 'freeze'], '--reason'],
  [['learning', 'reset', '--reason', 'x'], '--all forgets everything'],
  [['learning', 'reset', '--reason', 'x', '--all', '--type', 'a'], 'leave it out'],
  [['learning', 'reset', '--reason', 'x', '--all', '--no-input'], '--yes'],
])('%j is refused with what to do', async (argv, hint) => {
  const { code, err } = await run(...argv);
  expect(code).toBe(2);
  expect(err).toContain(hint);
});

test('a swarm is shown with its health, and without it where no load-balancer answers', async () => {
  const [swarm] = (golden('swarm-page') as { items: object[] }).items;
  const health = golden('endpoint-health');
  peer.answerWith(({ path }, response) =>
    sendJson(response, 200, path.endsWith('/health') ? health : (swarm ?? {})),
  );
  const { code, out } = await run('swarm', 'get', 'a');
  expect(code).toBe(0);
  expect(out).toMatch(/health +open for .*: 5 failures in a row/);
  expect(peer.seen.map(({ path }) => path)).toEqual(['/v1/swarms/a', '/v1/endpoints/a/health']);
  peer.answerWith(({ path }, response) =>
    sendJson(response, path.endsWith('/health') ? 503 : 200, swarm ?? {}),
  );
  const without = await run('swarm', 'get', 'a');
  expect(without.code).toBe(0);
  expect(without.err).toContain('its health is not known');
});
