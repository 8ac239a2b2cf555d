import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LIMITS,
  type CustomPolicyStatus,
  type RoutingBatch,
  type RoutingCandidate,
  type RoutingItem,
} from '@multiswarm/contracts';
import { ManualClock, seededRandom, systemClock, type Clock } from '@multiswarm/core';
import { eventually } from '@multiswarm/testing';
import { CustomPolicyHost } from './custom-policy-host';

const LIMIT_MS = 200;
const BUSY = 'for (;;);';

let directory: string;
let hosts: CustomPolicyHost[];
let changes: CustomPolicyStatus[];
let said: string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'custom-policy-'));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(() => {
  hosts = [];
  changes = [];
  said = [];
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
});

let files = 0;

async function fileOf(code: string, suffix = 'mjs'): Promise<string> {
  const path = join(directory, `policy-${(files += 1)}.${suffix}`);
  await writeFile(path, code);
  return path;
}

async function hostOf(path: string, clock: Clock = new ManualClock()): Promise<CustomPolicyHost> {
  const host = new CustomPolicyHost({
    ...{ name: 'mine', path, limitMs: LIMIT_MS, clock, random: seededRandom(1) },
    onChange: (status) => changes.push(status),
    onSaid: (text) => said.push(text),
  });
  hosts.push(host);
  await host.settled();
  return host;
}

/** `rank` with this body. */
const ranking = (body: string): string => `export function rank({ items, candidates, now }) { ${body} }`;

function batchOf(...types: string[]): RoutingBatch {
  const candidates = ['a', 'b'].map((swarmId) => ({ swarmId, costPerSlotHour: 1 }) as RoutingCandidate);
  const items = types.map((type, index) => ({ key: `t${index}`, class: 0, type }) as RoutingItem);
  return { now: 5, items, candidates: [candidates] };
}

test('a policy is asked once for a batch, with its candidates and the time', async () => {
  const code = ranking(`
    console.log('asked at', now);
    return items.map((item) => candidates[item.class].map(({ swarmId }) => swarmId).toReversed());`);
  const host = await hostOf(await fileOf(code));
  expect(await host.rank(batchOf('x', 'y'))).toEqual({
    ...{ ok: true, unknown: 0, repeated: 0 },
    preferences: [
      ['b', 'a'],
      ['b', 'a'],
    ],
  });
  expect(host.status).toMatchObject({ name: 'mine', state: 'ready', strikes: 0 });
  await eventually(() => said.join('') === 'asked at 5');
});

test.each([
  ['mjs', 'export default { rank: async () => [["b"]] };'],
  ['mjs', 'export const policy = { rank: () => [["b"]] };'],
  ['cjs', 'exports.rank = () => Promise.resolve([["b"]]);'],
  ['cjs', 'module.exports = { rank: () => [["b"]] };'],
])('a policy may be a module of any kind: .%s, %s', async (suffix, code) => {
  const host = await hostOf(await fileOf(code, suffix));
  expect(await host.rank(batchOf('x'))).toMatchObject({ ok: true, preferences: [['b']] });
});

test.each([
  ['throws', 'throw new Error("no idea");', 'it threw: no idea'],
  ['rejects', 'return Promise.reject("no idea");', 'it threw: no idea'],
  ['throws what cannot be shown', 'throw { get message() { throw 1; } };', 'cannot be shown'],
  ['returns nothing', 'return;', 'it returned undefined, and not a list for each item'],
  ['returns a function', 'return [() => 1];', 'it returned no list for item 0'],
  ['returns too few', 'return [];', 'it returned 0 lists for 1 items'],
  ['returns a getter that throws', 'return [[{}, { get length() { throw 1; } }]];', undefined],
])('a policy that %s costs the batch its answer, and goes on', async (_name, body, why) => {
  const host = await hostOf(
    await fileOf(ranking(`if (items[0].type === 'bad') { ${body} } return [['a']];`)),
  );
  const bad = await host.rank(batchOf('bad'));
  if (why === undefined) expect(bad).toMatchObject({ ok: true, preferences: [[]], unknown: 2 });
  else expect(bad).toEqual({ ok: false, why: expect.stringContaining(why) as string });
  expect(await host.rank(batchOf('good'))).toMatchObject({ ok: true, preferences: [['a']] });
  expect(host.status).toMatchObject({ state: 'ready', strikes: 0 });
});

test.each([
  ['is not there', undefined, /Cannot find module/],
  ['has a syntax error', 'export function rank( {', /Unexpected/],
  ['exports no rank', 'export const rang = () => [];', /it exports no function "rank"/],
  ['throws while it is loaded', 'throw new Error("no key");', /no key/],
  ['ends its thread', 'process.exit(3);', /its thread ended with code 3/],
])('a file that %s turns the policy off, and says why', async (_name, code, why) => {
  const path = code === undefined ? join(directory, 'none.mjs') : await fileOf(code);
  const host = await hostOf(path);
  expect(host.status).toMatchObject({ state: 'off', reason: expect.stringMatching(why) as string });
  expect(host.status.reason).toContain(path);
  expect(changes).toHaveLength(1);
  expect(await host.rank(batchOf('x'))).toMatchObject({
    ok: false,
    why: expect.stringMatching(/^it is off: /) as string,
  });
});

test('a file that takes too long to load is given up', async () => {
  const clock = new ManualClock();
  const started = hostOf(await fileOf(BUSY), clock);
  clock.advance(5_000);
  const host = await started;
  expect(host.status).toMatchObject({ state: 'off', reason: expect.stringContaining('5000 ms') as string });
});

test('a busy loop is stopped at the time limit, by the real clock', async () => {
  const host = await hostOf(await fileOf(ranking(BUSY)), systemClock);
  const from = performance.now();
  expect(await host.rank(batchOf('x'))).toEqual({
    ok: false,
    why: `it did not answer within ${LIMIT_MS} ms`,
  });
  expect(performance.now() - from).toBeGreaterThanOrEqual(LIMIT_MS - 1);
  await eventually(() => host.status.state === 'restarting');
});

/** Asks what makes it stall, lets the time pass, and waits for what the host makes of it. */
async function stall(host: CustomPolicyHost, clock: ManualClock): Promise<void> {
  const before = changes.length;
  const asked = host.rank(batchOf('bad'));
  clock.advance(LIMIT_MS);
  expect(await asked).toMatchObject({ ok: false });
  await eventually(() => changes.length > before);
}

test('three stalls in a row turn it off; between them it is started again', async () => {
  const clock = new ManualClock();
  const code = ranking(`if (items[0].type === 'bad') ${BUSY} return [['a']];`);
  const host = await hostOf(await fileOf(code), clock);
  for (const backoffMs of [1_000, 3_000]) {
    await stall(host, clock);
    expect(await host.rank(batchOf('good'))).toEqual({ ok: false, why: 'its thread is restarting' });
    clock.advance(backoffMs);
    await eventually(() => host.status.state === 'ready');
    expect(await host.rank(batchOf('good'))).toMatchObject({ ok: true, preferences: [['a']] });
  }
  await stall(host, clock);
  expect(changes.map(({ state }) => state)).toEqual([
    ...['ready', 'restarting', 'ready', 'restarting', 'ready', 'off'],
  ]);
  expect(host.status).toMatchObject({
    strikes: 3,
    reason: expect.stringMatching(
      /had to be ended 3 times.*did not answer within 200 ms.*start the/,
    ) as string,
  });
});

test.each([
  [
    'eats memory',
    'const all = []; for (;;) all.push(new Array(1e5).fill(all));',
    /it needed more than 128 MiB/,
  ],
  ['ends its thread', 'process.exit(0);', /its thread ended with code 0/],
  ['fails later', 'setTimeout(() => { throw new Error("late"); }); return new Promise(() => {});', /late/],
])('a policy that %s loses its thread, and the service goes on', async (_name, body, why) => {
  const host = await hostOf(await fileOf(ranking(body)));
  expect(await host.rank(batchOf('x'))).toEqual({ ok: false, why: expect.stringMatching(why) as string });
  expect(host.status).toMatchObject({ state: 'restarting', strikes: 1 });
});

test('batches that wait behind a stalled one get their answer in time too, and no more wait than may', async () => {
  const clock = new ManualClock();
  const host = await hostOf(await fileOf(ranking(BUSY)), clock);
  const asked = Array.from({ length: LIMITS.CUSTOM_POLICY_WAITING + 2 }, () => host.rank(batchOf('x')));
  expect(await asked.at(-1)).toEqual({ ok: false, why: '64 earlier batches wait for it' });
  clock.advance(LIMIT_MS);
  for (const ranked of await Promise.all(asked)) expect(ranked.ok).toBe(false);
});

test("messages that the policy itself sends are nobody else's answer", async () => {
  const code = `import { parentPort } from 'node:worker_threads';
    ${ranking(`for (const id of [0, 2, 99, 'x', undefined]) parentPort.postMessage({ kind: 'ranked', id, ranking: [['b']] });
      parentPort.postMessage(7); parentPort.postMessage({ kind: 'unheard-of', id: 1 });
      return [['a']];`)}`;
  const host = await hostOf(await fileOf(code));
  expect(await host.rank(batchOf('x'))).toMatchObject({ preferences: [['a']] });
});
