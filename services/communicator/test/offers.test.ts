import { Heartbeat, subjects } from '@multiswarm/contracts';
import { createHttpApp, listen } from '@multiswarm/service';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { World } from './world';

const logger = createLogger({ service: 'communicator', level: 'silent' });

let world: World;
let app: ReturnType<typeof createHttpApp>;
const beats = new Map<string, Heartbeat>();
const running: Swarm[] = [];

beforeAll(async () => {
  world = await World.start();
  const { communicator, telemetry } = await world.replica();
  await world.replica();
  const { routes } = communicator;
  app = createHttpApp({
    service: 'communicator',
    version: '1',
    title: 'C',
    routes,
    checks: {},
    telemetry,
    logger,
  });
  const ears = await world.bus('ears');
  ears.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, (beat) => beats.set(beat.swarmId, beat));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((swarm) => swarm.stop()));
});

afterAll(() => world.stop());

async function swarm(id: string): Promise<Swarm> {
  const made = createSwarm({
    ...{ id, region: 'eu', slots: 1, types: ['*'], servers: world.nats.url, logger, handleSignals: false },
    ...{ resources: { cpu: 8, memoryMb: 1_000 }, heartbeatMs: 1_000 },
  });
  await made.start();
  running.push(made);
  return made;
}

const cpuOf = (id: string): number | undefined => beats.get(id)?.resources.cpu;

test('of many that claim an offer at once one gets it; its resources move from pool to pool, and back', async () => {
  const [lender, ...others] = await Promise.all(['lender', 'b1', 'b2', 'b3', 'b4'].map(swarm));
  const offer = await lender!.offers.make({ resources: { cpu: 3 }, pricePerHour: 0.5 });
  expect(offer).toMatchObject({ state: 'open', lender: 'lender', region: 'eu' });
  const claims = await Promise.allSettled(others.map((each) => each.offers.claim(offer.id)));
  const won = claims.flatMap((each, index) =>
    each.status === 'fulfilled' ? [{ held: each.value, index }] : [],
  );
  expect(won).toHaveLength(1);
  const refused = claims
    .filter((each) => each.status === 'rejected')
    .map((each) => each.reason.code as string);
  expect(new Set(refused)).toEqual(new Set(['offer-taken']));
  const { held, index } = won[0]!;
  const borrower = others[index]!.id;
  await eventually(() => cpuOf('lender') === 5 && cpuOf(borrower) === 11);
  expect(await lender!.offers.list({ borrower })).toMatchObject([{ id: offer.id, state: 'claimed' }]);
  await held.release();
  expect(held.lost.aborted).toBe(true);
  await eventually(() => cpuOf('lender') === 8 && cpuOf(borrower) === 8);
  const next = await others[(index + 1) % 4]!.offers.claim(offer.id);
  expect(next.token).toBeGreaterThan(held.token);
  await lender!.offers.withdraw(offer.id);
  await next.release();
  await expect(others[0]!.offers.claim(offer.id)).rejects.toMatchObject({ code: 'offer-taken' });
  expect(await lender!.offers.list()).toEqual([]);
});

test('what nobody renews runs out, and a lender that was started anew knows what it lends', async () => {
  const lender = await swarm('lender2');
  const { id } = await lender.offers.make({ resources: { cpu: 2 } });
  // A borrower that dies at once: nobody renews what it claimed.
  const claim = { borrower: 'gone', claim: 'c1', ttlMs: 2_500 };
  const first = await request(app).post(`/v1/offers/${id}/claim`).send(claim).expect(200);
  const again = await request(app).post(`/v1/offers/${id}/claim`).send(claim).expect(200);
  expect(again.body.claim).toEqual(first.body.claim);
  await lender.stop();
  running.splice(0);
  beats.clear();
  await swarm('lender2');
  await eventually(() => cpuOf('lender2') === 6);
  const token = Number(first.body.claim.token);
  await request(app)
    .post(`/v1/offers/${id}/renew`)
    .send({ borrower: 'gone', token: token + 1 })
    .expect(409);
  await eventually(() => cpuOf('lender2') === 8, { timeoutMs: 8_000 });
  const seen = await request(app).get(`/v1/offers/${id}`).expect(200);
  expect(seen.body).toMatchObject({ state: 'open' });
  const late = await request(app)
    .post(`/v1/offers/${id}/renew`)
    .send({ borrower: 'gone', token })
    .expect(409);
  expect(late.body.code).toBe('lease-lost');
  await request(app).get('/v1/offers/o-00000000').expect(404);
});

test('offers are watched over HTTP: claims, releases and ends are told as they happen', async () => {
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger });
  const leaving = new AbortController();
  try {
    const response = await fetch(`${server.url}/v1/offers/watch?region=moon`, { signal: leaving.signal });
    const told: string[] = [];
    let text = '';
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body!) {
        text += decoder.decode(chunk as Uint8Array);
        told.splice(
          0,
          told.length,
          ...Array.from(text.matchAll(/event: (\w+)\ndata: (.*)\n/g), ([, event, data]) =>
            [event, JSON.parse(data!).state].filter(Boolean).join(' '),
          ),
        );
      }
    })().catch(() => undefined);
    await eventually(() => told.includes('synced'));
    const offered = { lender: 'x', region: 'moon', resources: { cpu: 1 } };
    const { id } = (await request(app).post('/v1/offers').send(offered).expect(201)).body;
    await eventually(() => told.includes('put open'));
    await request(app)
      .post(`/v1/offers/${id}/claim`)
      .send({ borrower: 'y', claim: 'c', ttlMs: 1_000 })
      .expect(200);
    await eventually(() => told.length === 4); // nobody renews it
    await request(app).post(`/v1/offers/${id}/withdraw`).send({ lender: 'x' }).expect(200);
    await eventually(() => told.length === 5);
    expect(told).toEqual(['synced', 'put open', 'put claimed', 'put open', 'delete ended']);
    leaving.abort();
    await reading;
  } finally {
    await server.close(0);
  }
});

test('a lease has one holder, is renewed by itself, and its token grows', async () => {
  const [a, b] = await Promise.all(['a', 'b'].map(swarm));
  const lease = await a!.leases.acquire('leader', { ttlMs: 1_000 });
  await expect(b!.leases.acquire('leader')).rejects.toMatchObject({ code: 'lease-held', retryable: true });
  const granted = await a!.leases.get('leader');
  await eventually(async () => (await b!.leases.get('leader')).expiresAt! > granted.expiresAt!);
  expect(lease.lost.aborted).toBe(false);
  await lease.release();
  const next = await b!.leases.acquire('leader');
  expect(next.token).toBeGreaterThan(lease.token);
  const free = await request(app).get('/v1/leases/other').expect(200);
  expect(free.body).toEqual({ name: 'other', state: 'free' });
});
