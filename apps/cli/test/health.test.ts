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
  const io = memoryIo({ env: { MULTISWARM_LOAD_BALANCER_URL: peer.url, USER: 'ann' } });
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

test('health lists who is not ready, and why', async () => {
  answer(golden('health-page'));
  const { code, out } = await run('swarm', 'health');
  expect(code).toBe(0);
  expect(out).toMatch(/eu-west-writers +eu-west +open .* 0\/4 +75% of 20 +5 failures in a row/);
  expect(asked()).toMatchObject({ method: 'GET', path: '/v1/health' });
});

test('health of one swarm, and what has happened to it', async () => {
  answer(golden('endpoint-health'));
  expect((await run('swarm', 'health', 'a', '-o', 'name')).out).toBe('eu-west-writers\n');
  expect(asked().path).toBe('/v1/endpoints/a/health');
  answer(golden('health-event-page'));
  expect((await run('swarm', 'health', 'a', '--events')).out).toMatch(
    /health\.changed +eu-west-writers +ready +open +ann/,
  );
  expect(asked()).toMatchObject({ path: '/v1/health/events', query: { swarm: 'a' } });
});

test('force says to what, why, until when and who', async () => {
  answer(golden('endpoint-health'));
  answer({ ...golden('force-request'), swarmId: 'a', at: '2026-11-23T10:00:00.000Z' });
  const { code, out } = await run(
    'swarm',
    'force',
    'a',
    'open',
    '--why',
    'slow disk',
    '--until',
    '2030-01-01T00:00:00Z',
  );
  expect(code).toBe(0);
  expect(out).toContain('its disk is slow');
  expect(asked()).toMatchObject({
    ...{ method: 'POST', path: '/v1/endpoints/a/force' },
    body: { to: 'open', why: 'slow disk', until: '2030-01-01T00:00:00.000Z', requestedBy: 'ann' },
  });
});

test.each([
  [['swarm', 'force', 'a', 'broken', '--why', 'x'], 'one of open, closed, ejected, not-ejected, ready'],
  [['swarm', 'force', 'a', 'open'], '--why'],
  [['maintenance', 'plan', '--swarm', 'a'], '--until 1h'],
])('%j is refused with what to do', async (argv, hint) => {
  const { code, err } = await run(...argv);
  expect(code).toBe(2);
  expect(err).toContain(hint);
});

test('reset, and the windows of maintenance', async () => {
  answer({ swarmId: 'a' });
  expect((await run('swarm', 'reset', 'a', '--why', 'new disk')).code).toBe(0);
  expect(asked()).toMatchObject({
    path: '/v1/endpoints/a/reset',
    body: { why: 'new disk', requestedBy: 'ann' },
  });

  answer(golden('maintenance-page'));
  expect((await run('maintenance', 'list')).out).toContain('eu-west-writers,eu-*,rack=r7');

  answer(golden('maintenance-window'));
  const times = ['--from', '2030-01-07T02:00:00Z', '--until', '2030-01-07T03:00:00Z', '--every', '24h'];
  await run('maintenance', 'plan', '--region', 'eu-*', '--label', 'rack=r7', ...times, '--why', 'disks');
  expect(asked().body).toEqual({
    for: { regions: ['eu-*'], labels: { rack: 'r7' } },
    ...{ from: '2030-01-07T02:00:00.000Z', until: '2030-01-07T03:00:00.000Z', everyMs: 86_400_000 },
    ...{ why: 'disks', requestedBy: 'ann' },
  });

  answer(golden('cancelled-maintenance'));
  expect((await run('maintenance', 'cancel', 'm-1')).code).toBe(0);
  expect(asked()).toMatchObject({ method: 'DELETE', path: '/v1/maintenance/m-1' });
  answer({ id: 'm-1', wasPlanned: false });
  expect((await run('maintenance', 'cancel', 'm-1')).code).toBe(3);
});
