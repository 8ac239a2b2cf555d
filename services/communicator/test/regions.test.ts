import { askStream, connectBus, ensureStream, lastOfEach, type Bus } from '@multiswarm/bus';
import { LIMITS, streams, subjects, type DomainSeen, type JsonValue } from '@multiswarm/contracts';
import type { Swarm } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { RegionsWorld, type RegionReplica } from './regions-world';

const LARGE = 'x'.repeat(2 * LIMITS.MESSAGE_BYTES);
const LATE = { timeoutMs: 15_000 };
let world: RegionsWorld;
let eu: RegionReplica;
let us: RegionReplica;
let hub: Bus;

beforeAll(async () => {
  world = await RegionsWorld.start(['eu', 'us']);
  hub = await connectBus({ servers: world.topology.hub.url, name: 'test' });
  await ensureStream(hub.connection, {
    ...{ name: streams.payloads, replicas: 1, refusesWhenFull: true, isStore: true },
    subjects: [subjects.allPayloadParts(), subjects.allPayloadDescriptions()],
    ...{ maxAgeMs: 0, maxBytes: 64 * 1024 * 1024, dedupWindowMs: 100 },
  });
  [eu, us] = await Promise.all([world.replica('eu'), world.replica('us')]);
  await eventually(async () => (await isHeard(eu, 'us')) && isHeard(us, 'eu'), LATE);
}, 30_000);

afterAll(async () => {
  await hub.close();
  await world.stop();
});

async function seen(from: RegionReplica, domain: string): Promise<DomainSeen | undefined> {
  return (await from.domains()).find((each) => each.domain === domain);
}

async function isHeard(from: RegionReplica, domain: string): Promise<boolean> {
  return (await seen(from, domain))?.state === 'heard';
}

async function cut(domain: string): Promise<void> {
  world.leaf(domain).line.cut();
  await eventually(async () => !(await isHeard(eu, 'us')) && !(await isHeard(us, 'eu')), LATE);
}

async function heal(domain: string): Promise<void> {
  world.leaf(domain).line.heal();
  await eventually(async () => (await isHeard(eu, 'us')) && isHeard(us, 'eu'), LATE);
}

/** A swarm that keeps what it is told, and adds up what it is told exactly once. */
async function listener(id: string, region: string, got: number[], docs: unknown[] = []): Promise<Swarm> {
  return world.swarm(id, region, ({ messages }) => {
    messages.on('work', ({ data }) => {
      const { n } = data as { n: number };
      got.push(n);
      return n * 2;
    });
    messages.on('doc', ({ data }) => {
      docs.push(data);
      return { size: typeof data === 'string' ? data.length : 0, copy: data };
    });
    messages.onExactlyOnce<number[]>(
      'add',
      () => [],
      (all, { data }) => [...all, (data as { n: number }).n],
    );
  });
}

function doc(from: Swarm, to: string, data: JsonValue): Promise<unknown> {
  return from.messages.send({ to, kind: 'doc', data, qos: 'at-least-once' });
}

/** Messages for which payloads are kept, in all regions. */
async function notes(): Promise<string[]> {
  const all = [eu, us].map(async ({ bus }, n) => {
    const subject = subjects.allMailPayloads(['eu', 'us'][n] ?? '');
    return (await lastOfEach(bus.connection, streams.mailPayloads, subject)).map((each) => each.subject);
  });
  return (await Promise.all(all)).flat();
}

/** Waits until the region of a sender has heard of a recipient: a heartbeat comes from far. */
async function meets(from: Swarm, to: string): Promise<void> {
  const greet = (): Promise<boolean> =>
    from.messages.send({ to, kind: 'hello' }).then(
      () => true,
      () => false,
    );
  await eventually(greet, LATE);
}

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);

function work(from: Swarm, to: string, n: number, more: object = {}): Promise<unknown> {
  return from.messages.send({ to, kind: 'work', data: { n }, qos: 'at-least-once', ...more });
}

function add(from: Swarm, to: string, n: number): Promise<unknown> {
  return from.messages.send({ to, kind: 'add', data: { n }, qos: 'exactly-once', conversation: 'sum' });
}

test('mail for another region goes there, and answers come back', async () => {
  const got: number[] = [];
  await listener('b1', 'us', got);
  const a = await world.swarm('a1', 'eu', ({ messages }) => messages.on('nothing', () => undefined));
  await meets(a, 'b1');
  for (const n of numbers(0, 20)) await work(a, 'b1', n);
  await eventually(() => got.length >= 20, LATE);
  expect(got).toEqual(numbers(0, 20));
  expect(await a.messages.request({ to: 'b1', kind: 'work', data: { n: 21 }, qos: 'at-least-once' })).toBe(
    42,
  );
  await expect(work(a, 'b1', 22, { data: LARGE, qos: 'at-most-once' })).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('stays in its JetStream domain (eu), and "b1" is read in us') as string,
  });
  const answer = { size: LARGE.length, copy: LARGE };
  expect(await a.messages.request({ to: 'b1', kind: 'doc', data: LARGE, qos: 'at-least-once' })).toEqual(
    answer,
  );
  await eventually(async () => (await notes()).length === 0, LATE);
}, 30_000);

test('a region that is cut off delivers inside itself; what is for another one arrives after the cut, once and in order', async () => {
  const [here, there]: [number[], number[]] = [[], []];
  const [docsHere, docsThere]: [unknown[], unknown[]] = [[], []];
  const b = await listener('b2', 'us', there, docsThere);
  await listener('c2', 'eu', here, docsHere);
  const a = await world.swarm('a2', 'eu');
  await Promise.all([meets(a, 'b2'), meets(a, 'c2')]);
  await work(a, 'b2', 0);
  await add(a, 'b2', 0);
  await eventually(async () => there.length === 1 && (await seen(eu, 'us'))?.waiting.messages === 0, LATE);

  await cut('eu');
  for (const n of numbers(1, 60)) await Promise.all([work(a, 'b2', n), add(a, 'b2', n)]);
  await work(a, 'c2', 7);
  for (const to of ['b2', 'c2']) for (const data of [`1 ${LARGE}`, '2', `3 ${LARGE}`]) await doc(a, to, data);
  await eventually(() => here.length === 1 && docsHere.length === 3);
  for (const swarm of [a, b]) {
    const bucket = swarm.sharedState.bucket('plan');
    await bucket.put('here', swarm.id); // each region has its own
    expect(await bucket.keys()).toEqual(['here']);
    expect((await bucket.get('here'))?.value).toBe(swarm.id);
  }
  expect(there).toEqual([0]);
  const waiting = await eventually(async () => (await seen(eu, 'us'))?.waiting, LATE);
  expect(waiting).toMatchObject({ mailboxes: 1, messages: 123 });
  expect(await eu.metrics()).toMatch(/multiswarm_mail_outgoing\{domain="us"\} 123/);
  await expect(work(a, 'nobody-knows', 1)).rejects.toMatchObject({ code: 'mailbox-unavailable' });

  await heal('eu');
  await eventually(() => there.length >= 61, LATE);
  expect(there).toEqual(numbers(0, 61));
  const sum = await eventually(async () => {
    const now = await b.messages.state<number[]>('sum');
    return (now?.length ?? 0) >= 61 ? now : undefined;
  }, LATE);
  expect(sum).toEqual(numbers(0, 61));
  await eventually(async () => (await seen(eu, 'us'))?.waiting.messages === 0, LATE);
  await eventually(async () => (await notes()).length === 0, LATE);
  // The store of the orchestrator is at the hub, and none of it goes there.
  const ofTasks = await askStream(hub.connection, `STREAM.INFO.${streams.payloads}`, {});
  expect(ofTasks).toMatchObject({ state: { messages: 0 } });
  for (const docs of [docsHere, docsThere]) expect(docs).toEqual([`1 ${LARGE}`, '2', `3 ${LARGE}`]);
  expect(await eu.metrics()).toMatch(/multiswarm_mail_forwarded_total\{domain="us",result="stored"\}/);
}, 60_000);

test('a communicator that is lost while it forwards loses nothing, and nothing has a second effect', async () => {
  const got: number[] = [];
  const b = await listener('b3', 'us', got);
  const a = await world.swarm('a3', 'eu');
  await meets(a, 'b3');
  const [works, adds] = [200, 50];
  const sent = Promise.all([
    (async () => {
      for (const n of numbers(0, works)) await work(a, 'b3', n);
    })(),
    (async () => {
      for (const n of numbers(0, adds)) await add(a, 'b3', n);
    })(),
  ]);
  await eventually(() => got.length > 30, LATE);
  const next = await world.replica('eu');
  eu.communicator.drop();
  await eu.bus.close();
  eu = next;
  await sent;
  await eventually(() => new Set(got).size === works, LATE);
  expect([...new Set(got)]).toEqual(numbers(0, works));
  const sum = await eventually(async () => {
    const now = await b.messages.state<number[]>('sum');
    return (now?.length ?? 0) >= adds ? now : undefined;
  }, LATE);
  expect(sum).toEqual(numbers(0, adds));
}, 60_000);

test('mail follows a swarm that starts anew in another region', async () => {
  const before: number[] = [];
  const old = await listener('b4', 'us', before);
  const c = await world.swarm('c4', 'us');
  await meets(c, 'b4');
  await work(c, 'b4', 0);
  await eventually(() => before.length === 1);
  await old.stop();
  for (const n of numbers(1, 10)) await work(c, 'b4', n);
  const after: number[] = [];
  await listener('b4', 'eu', after);
  await eventually(() => after.length >= 10, LATE);
  await work(c, 'b4', 11);
  await eventually(() => after.length >= 11, LATE);
  expect(after).toEqual(numbers(1, 11));
}, 30_000);

test('a broadcast reaches the swarms of the regions that are heard', async () => {
  const [here, there]: [number[], number[]] = [[], []];
  await listener('b5', 'us', there);
  await listener('c5', 'eu', here);
  const a = await world.swarm('a5', 'eu');
  await Promise.all([meets(a, 'b5'), meets(a, 'c5')]);
  const tell = (n: number): Promise<{ recipients: string[] }> =>
    a.messages.broadcast({ kind: 'work', data: { n }, qos: 'at-least-once' });
  expect((await tell(1)).recipients).toEqual(expect.arrayContaining(['b5', 'c5']));
  await eventually(() => here.length === 1 && there.length === 1, LATE);
}, 30_000);
