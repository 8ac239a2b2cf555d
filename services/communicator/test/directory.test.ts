import { DirectoryChanges, DirectoryPage, subjects, type DirectoryEntry } from '@multiswarm/contracts';
import {
  createSwarm,
  type DirectoryNews,
  type DirectoryWatch,
  type Swarm,
  type SwarmOptions,
} from '@multiswarm/sdk';
import { createHttpApp, listen } from '@multiswarm/service';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { World, type Replica } from './world';

const logger = createLogger({ service: 'communicator', level: 'silent' });

let world: World;
let app: ReturnType<typeof createHttpApp>;
let first: Replica;
const running: Swarm[] = [];

beforeAll(async () => {
  world = await World.start();
  first = await world.replica();
  await world.replica();
  const { communicator, telemetry } = first;
  app = createHttpApp({
    ...{ service: 'communicator', version: '1', title: 'C', checks: {}, telemetry, logger },
    routes: communicator.routes,
  });
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((swarm) => swarm.stop()));
});

afterAll(() => world.stop());

async function swarm(id: string, given: Partial<SwarmOptions> = {}): Promise<Swarm> {
  const made = createSwarm({
    ...{
      id,
      region: 'eu-west',
      slots: 2,
      types: ['*'],
      servers: world.nats.url,
      logger,
      handleSignals: false,
    },
    ...{ costPerHour: 4, capabilities: ['llm'], heartbeatMs: 200, ...given },
  });
  await made.start();
  running.push(made);
  return made;
}

const ids = (entries: readonly DirectoryEntry[]): string[] => entries.map(({ swarmId }) => swarmId);

test('swarms are there by themselves, and what they advertise adds to it at every replica, until they are gone', async () => {
  const [a, b] = [
    await swarm('a'),
    await swarm('b', { region: 'us-east', capabilities: ['ocr'], costPerHour: 1 }),
  ];
  await eventually(async () => (await a.directory.search()).length === 2);
  expect(await a.directory.get('a')).toMatchObject({
    source: 'heartbeat',
    costPerSlotHour: 2,
    load: 0,
    slots: 2,
  });
  const said = await b.directory.advertise({
    ...{ capabilities: ['llm'], version: '2.1', load: 0.5, attributes: { gb: 80 } },
  });
  expect(said.entry).toMatchObject({
    source: 'both',
    capabilities: ['llm', 'ocr'],
    region: 'us-east',
    load: 0.5,
  });
  await eventually(async () => {
    // Either replica answers.
    const found = await Promise.all(
      Array.from({ length: 4 }, () => a.directory.search({ capability: 'llm', sort: 'price' })),
    );
    return found.every((entries) => ids(entries).join() === 'b,a');
  });
  expect(ids(await a.directory.search({ region: 'us-*', maxLoad: 0.6, attributes: { gb: 16 } }))).toEqual([
    'b',
  ]);
  expect(ids(await a.directory.search({ capability: ['llm', 'ocr'], version: '2.1' }))).toEqual(['b']);
  expect(await a.directory.search({ maxCostPerSlotHour: 0.1 })).toEqual([]);
  await said.withdraw();
  expect(await b.directory.get('b')).toMatchObject({ source: 'heartbeat', capabilities: ['ocr'] });
  await b.directory.advertise({ capabilities: ['llm'] });
  await b.stop();
  await eventually(async () => ids(await a.directory.search()).join() === 'a');
  await expect(a.directory.get('b')).rejects.toMatchObject({ code: 'swarm-not-found' });
});

test('a watch tells what is there, what comes, what changes and what goes, also when the replica that told it is gone', async () => {
  const second = await world.replica();
  const a = await swarm('a');
  // Of so many at least one is told by the replica that goes.
  const watches = await Promise.all(
    Array.from({ length: 8 }, async () => follow(await a.directory.watch({ capability: 'llm' }))),
  );
  const all = (holds: (seen: Map<string, DirectoryEntry>) => boolean): Promise<unknown> =>
    eventually(() => watches.every(({ seen }) => holds(seen)));
  await all((seen) => seen.has('a'));
  expect(watches.map(({ syncs }) => syncs())).toEqual(watches.map(() => 1));
  const b = await swarm('b', { capabilities: [] });
  const dear = await b.directory.advertise({ capabilities: ['llm'], costPerSlotHour: 9 });
  await all((seen) => seen.get('b')?.costPerSlotHour === 9);
  const cheap = await b.directory.advertise({ capabilities: ['llm'], costPerSlotHour: 8 });
  await dear.withdraw(); // another one is in its place
  await all((seen) => seen.get('b')?.costPerSlotHour === 8);
  await second.communicator.stop();
  await cheap.withdraw();
  await all((seen) => !seen.has('b') && seen.has('a'));
  await Promise.all(watches.map(({ close }) => close()));
});

/** What a watch has told so far. */
function follow(watch: DirectoryWatch): {
  seen: Map<string, DirectoryEntry>;
  syncs: () => number;
  close: () => Promise<void>;
} {
  const seen = new Map<string, DirectoryEntry>();
  let synced = 0;
  const over = (async () => {
    for await (const news of watch) synced += apply(seen, news);
  })();
  return { seen, syncs: () => synced, close: () => (watch.close(), over) };
}

function apply(seen: Map<string, DirectoryEntry>, news: DirectoryNews): number {
  if (news.kind === 'put') seen.set(news.entry.swarmId, news.entry);
  else if (news.kind === 'delete') seen.delete(news.swarmId);
  return news.kind === 'synced' ? 1 : 0;
}

test('over HTTP anybody is advertised for a while, found, watched and withdrawn', async () => {
  const at = '/v1/directory/swarms/outside';
  const body = {
    capabilities: ['ocr'],
    region: 'ap-south',
    attributes: { tier: 'gold', gb: 8 },
    ttlMs: 60_000,
  };
  const made = await request(app).put(at).send(body).expect(200);
  expect(made.body).toMatchObject({
    swarmId: 'outside',
    source: 'advertisement',
    until: expect.any(String) as string,
  });
  const found = await request(app)
    .get('/v1/directory')
    .query({ capability: 'ocr', region: 'ap-*', attribute: ['tier=gold', 'gb=4'] })
    .expect(200);
  expect(found.body).toEqual({ items: [made.body], next: null });
  const none = await request(app).get('/v1/directory').query({ capability: 'ocr', maxLoad: 1 }).expect(200);
  expect(none.body.items).toEqual([]);
  const story = await watched('/v1/directory/watch?capability=ocr', async (text) => {
    if (text.endsWith('event: synced\ndata: {}\n\n')) await request(app).delete(at).expect(200);
    return text.includes('event: delete');
  });
  expect(story.match(/event: \w+/g)).toEqual(['event: put', 'event: synced', 'event: delete']);
  await request(app).get(at).expect(404);
  const unfit = await request(app)
    .put(at)
    .send({ ...body, attributes: { text: 'x'.repeat(1_024), list: Array(20).fill('y'.repeat(1_000)) } })
    .expect(413);
  expect(unfit.body.code).toBe('body-too-large');
  await request(app)
    .put(at)
    .send({ ...body, whilePresent: true })
    .expect(404);
  await request(app).get('/v1/directory').query({ cursor: 'x' }).expect(400);
});

/** What a stream of events tells until it is enough. */
async function watched(path: string, isEnough: (text: string) => Promise<boolean>): Promise<string> {
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger });
  const leaving = new AbortController();
  try {
    const response = await fetch(`${server.url}${path}`, { signal: leaving.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array);
      if (await isEnough(text)) break;
    }
    return text;
  } finally {
    leaving.abort();
    await server.close(0);
  }
}

test('what nobody renews is gone when its time is over, and namespaces do not see each other', async () => {
  const bus = await world.bus('asker');
  const ask = (verb: string, body: object): Promise<unknown> =>
    bus.request(subjects.directory(verb), body, { reply: DirectoryPage.partial() });
  await ask('advertise', { swarmId: 'short', namespace: 'shop', capabilities: ['sql'], ttlMs: 1_000 });
  const shop = { namespace: 'shop', capability: 'sql' };
  const { place } = await bus.request(subjects.directory('changes'), shop, { reply: DirectoryChanges });
  expect(await ask('search', shop)).toMatchObject({ items: [{ swarmId: 'short' }] });
  expect(await ask('search', { capability: 'sql' })).toMatchObject({ items: [] });
  const gone = await bus.request(
    subjects.directoryChanges(place.replica),
    { ...shop, after: place, waitMs: 10_000 },
    { reply: DirectoryChanges, timeoutMs: 12_000 },
  );
  expect(gone.changes).toEqual([{ kind: 'delete', swarmId: 'short' }]);
});
