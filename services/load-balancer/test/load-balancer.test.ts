import {
  CapacityEvent,
  CapacityReply,
  PlaceReply,
  Placement,
  SlotCensusReply,
  subjects,
  type AttemptRef,
  type Heartbeat,
  type LbReport,
  type PlaceItem,
} from '@multiswarm/contracts';
import type { Listening } from '@multiswarm/bus';
import { newTraceparent, traceIdOf } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { z } from 'zod';
import { POLICIES } from '../src/domain/policies';
import { heartbeat, item } from './support/builders';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;
let events: CapacityEvent[];
let heartbeats: Map<string, Heartbeat>;
let listening: Listening[];

beforeEach(async () => {
  world = await World.start();
  events = [];
  heartbeats = new Map();
  listening = [
    world.bus.subscribe(subjects.lbCapacity(), { schema: CapacityEvent }, (event) => void events.push(event)),
    // What every swarm does: it heartbeats when somebody asks who is there.
    world.bus.subscribe(subjects.census(), { schema: z.unknown() }, () => {
      for (const swarmId of heartbeats.keys()) beat({ swarmId });
    }),
  ];
});

afterEach(async () => {
  listening.forEach((each) => each.stop());
  await world.stop();
});

/** Sends the swarm's next heartbeat: the last one with these changes. */
function beat(given: Partial<Heartbeat> & { swarmId: string }): void {
  const { swarmId } = given;
  const last = heartbeats.get(swarmId) ?? heartbeat({ swarmId, seq: 0, intervalMs: 60_000 });
  const next = { ...last, seq: last.seq + 1, ...given };
  heartbeats.set(swarmId, next);
  world.bus.publish(subjects.swarmHeartbeat(swarmId), next);
}

async function placeItems(items: PlaceItem[], epoch = 1): Promise<PlaceReply['results']> {
  const reply = await world.bus.request(subjects.lbPlace(), { v: 1, epoch, items }, { reply: PlaceReply });
  return reply.results;
}

async function placed(key: string): Promise<Placement> {
  const [result] = await placeItems([item(key)]);
  if (result?.placement === undefined) throw new Error(`${key} was not placed: ${result?.waiting?.detail}`);
  return result.placement;
}

function reportOf({ reservationId, swarmId }: Placement, taskId: string): LbReport {
  return {
    v: 1,
    outcomes: [{ reservationId, swarmId, taskId, attempt: 1, outcome: 'succeeded', durationMs: 5 }],
  };
}

async function seen(
  replica: Replica,
  swarmId: string,
): Promise<{ busySlots: number; freeSlots: number; state: string; held: AttemptRef[] }> {
  const { body } = await request(replica.app).get(`/v1/endpoints/${swarmId}`).expect(200);
  return body;
}

function sawEvents(expected: Partial<CapacityEvent>[]): Promise<boolean> {
  return eventually(
    () => {
      expect(events).toMatchObject(expected);
      return true;
    },
    { describe: () => `events ${JSON.stringify(expected)}, got ${JSON.stringify(events)}` },
  );
}

async function startWith(...swarms: (Partial<Heartbeat> & { swarmId: string })[]): Promise<void> {
  for (const swarm of swarms) beat(swarm);
  one = await world.replica();
}

test('a swarm that answers the census is there before the first request', async () => {
  await startWith({ swarmId: 'a', slots: 1 });
  expect((await placed('t1')).swarmId).toBe('a');
  expect(events).toEqual([{ v: 1, swarmId: 'a', region: 'eu-west', freeSlots: 1, reason: 'joined' }]);
});

test('says what the fleet has for a class of tasks, with the slots that it has just given', async () => {
  await startWith({ swarmId: 'a', slots: 2, types: ['build'] }, { swarmId: 'b', types: ['other'] });
  await placed('t1');
  const ask = (type: string) =>
    world.bus.request(subjects.lbExplain(), { v: 1, type, requirements: {} }, { reply: CapacityReply });
  expect(await ask('build')).toMatchObject({ known: 2, feasible: 1, slots: 2, busySlots: 1, withRoom: 1 });
  const nobody = await ask('unheard-of');
  expect(nobody).toMatchObject({ feasible: 0, withRoom: 0, swarms: [] });
  expect(nobody.nearest).toMatchObject([
    { swarmId: 'a', state: 'ready', lacks: ['type "unheard-of"'] },
    { swarmId: 'b', state: 'ready', lacks: ['type "unheard-of"'] },
  ]);
});

test('tells a deep check which slots of a shard it counts, until they are given back', async () => {
  await startWith({ swarmId: 'a', slots: 2, held: [{ taskId: 't1-00000001', attempt: 2 }] });
  await placed('t1-00000002');
  const ask = (shard: number) =>
    world.bus.request(subjects.lbCensus(), { v: 1, shard, swarms: ['a', 'b'] }, { reply: SlotCensusReply });
  const where = { swarmId: 'a', region: 'eu-west' };
  const listed = { ...where, taskId: 't1-00000001', attempt: 2, isReserved: false };
  const reserved = { ...where, taskId: 't1-00000002', attempt: 1, isReserved: true };
  expect(await ask(1)).toEqual({ v: 1, attempts: [listed, reserved], heard: ['a'], next: null });
  expect((await ask(0)).attempts).toEqual([]);
  // As the deep check gives it back, which does not know the reservation.
  const unused = { swarmId: 'a', taskId: 't1-00000002', attempt: 1, reservationId: '', outcome: 'unused' };
  world.bus.publish(subjects.lbReport(), { v: 1, outcomes: [unused] });
  await eventually(async () => (await ask(1)).attempts.length === 1);
  expect((await ask(1)).attempts).toEqual([listed]);
});

test('heartbeats, a placement, a heartbeat that lists it, a report: the slot comes free once and is announced', async () => {
  await startWith({ swarmId: 'a', slots: 1 });
  const placement = await placed('t1');
  expect((await placeItems([item('t2')]))[0]?.waiting).toMatchObject({
    reason: 'no-slot',
    unmet: [{ rule: 'slot', examples: ['a'] }],
  });
  beat({ swarmId: 'a', held: [{ taskId: 't1', attempt: 1 }] });
  await eventually(async () => (await seen(one, 'a')).held.length === 1);
  expect((await seen(one, 'a')).busySlots).toBe(1);
  world.bus.publish(subjects.lbReport(), reportOf(placement, 't1'));
  await sawEvents([{ reason: 'joined' }, { reason: 'freed', swarmId: 'a', freeSlots: 1 }]);
  // A heartbeat from before the report still lists it.
  beat({ swarmId: 'a', costPerHour: 8 });
  await sawEvents([{ reason: 'joined' }, { reason: 'freed' }, { reason: 'changed', freeSlots: 1 }]);
  expect((await placed('t2')).costPerSlotHour).toBe(8);
});

test('a slot that is handed over is announced only once nobody takes it over any more', async () => {
  await startWith({ swarmId: 'a', slots: 1 });
  const placement = await placed('t1');
  const [ended] = reportOf(placement, 't1').outcomes;
  const report = { v: 1, outcomes: [{ ...ended, next: { taskId: 't2', attempt: 1 } }] };
  world.bus.publish(subjects.lbReport(), report);
  await eventually(async () => (await placeItems([item('t9')]))[0]?.waiting?.reason === 'no-slot');
  expect((await seen(one, 'a')).busySlots).toBe(1);
  world.bus.publish(subjects.lbReport(), reportOf(placement, 't2'));
  await sawEvents([{ reason: 'joined' }, { reason: 'freed', swarmId: 'a', freeSlots: 1 }]);
});

test('all that comes free in one batch of reports is announced once for each swarm', async () => {
  await startWith({ swarmId: 'a', slots: 50 }, { swarmId: 'b', slots: 50 });
  const results = await placeItems(Array.from({ length: 100 }, (_, index) => item(`t${index}`)));
  const outcomes = results.flatMap(({ key, placement }) =>
    placement === undefined ? [] : reportOf(placement, key).outcomes,
  );
  expect(outcomes).toHaveLength(100);
  world.bus.publish(subjects.lbReport(), { v: 1, outcomes });
  await sawEvents([
    { reason: 'joined' },
    { reason: 'joined' },
    { reason: 'freed', swarmId: 'a', freeSlots: 50 },
    { reason: 'freed', swarmId: 'b', freeSlots: 50 },
  ]);
});

test('a cordoned swarm is shown as that, gets nothing, and is announced when it takes work again', async () => {
  await startWith({ swarmId: 'a', state: 'cordoned' });
  const [result] = await placeItems([item('t1')]);
  expect(result?.waiting).toMatchObject({
    reason: 'no-swarm',
    detail: 'no swarm takes work: 1 known, 1 cordoned',
    unmet: [{ rule: 'cordoned', count: 1, detail: 'a swarm that is not cordoned', examples: ['a'] }],
  });
  expect((await seen(one, 'a')).state).toBe('cordoned');
  beat({ swarmId: 'a', state: 'ready' });
  await sawEvents([{ reason: 'joined' }, { reason: 'changed', freeSlots: 4 }]);
  expect((await placed('t2')).swarmId).toBe('a');
});

test('a heartbeat of the past changes nothing', async () => {
  await startWith({ swarmId: 'a', seq: 10, slots: 2 }, { swarmId: 'marker' });
  world.bus.publish(
    subjects.swarmHeartbeat('a'),
    heartbeat({ swarmId: 'a', seq: 9, slots: 7, intervalMs: 60_000 }),
  );
  beat({ swarmId: 'marker', slots: 9 });
  await eventually(async () => (await seen(one, 'marker')).freeSlots === 9);
  expect((await seen(one, 'a')).freeSlots).toBe(2);
});

test('a heartbeat with a fault is logged and ignored, one with fields of a newer version is taken', async () => {
  await startWith({ swarmId: 'a' });
  const faulty = [
    { costPerHour: -1 },
    { costPerHour: Number.NaN },
    { slots: 0 },
    { slots: 1.5 },
    { intervalMs: '2s' },
  ];
  for (const fault of faulty) {
    world.bus.publish(subjects.swarmHeartbeat('bad'), { ...heartbeat({ swarmId: 'bad' }), ...fault });
  }
  world.bus.publish(subjects.swarmHeartbeat('new'), {
    ...heartbeat({ swarmId: 'new', intervalMs: 60_000 }),
    mood: 'good',
  });
  await eventually(async () => (await seen(one, 'new')).state === 'ready');
  await request(one.app).get('/v1/endpoints/bad').expect(404);
  const faults = one.logs().filter(({ message }) => message === 'a message could not be used');
  expect(faults).toHaveLength(faulty.length);
  expect(faults[0]).toMatchObject({
    level: 'warn',
    subject: 'ms.v1.swarm.bad.heartbeat',
    error: { code: 'invalid-request' },
  });
});

test('a request of an older epoch than seen is refused', async () => {
  await startWith({ swarmId: 'a' });
  await placeItems([item('t1')], 7);
  await expect(placeItems([item('t2')], 6)).rejects.toMatchObject({ code: 'stale-epoch' });
  expect((await placeItems([item('t3')], 7))[0]?.placement?.swarmId).toBe('a');
  await expect(
    placeItems(
      Array.from({ length: 513 }, (_, index) => item(`t${index}`)),
      7,
    ),
  ).rejects.toMatchObject({ code: 'invalid-request' });
});

test('made-up regions push out nobody who is heard, and never the scheduler', async () => {
  await startWith({ swarmId: 'a' });
  const place = (epoch: number, region: string) =>
    world.bus.request(subjects.lbPlace(), { v: 1, epoch, region, items: [] }, { reply: PlaceReply });
  await placeItems([item('t1')], 7);
  await place(7, 'forgotten');
  for (let round = 0; round < 4; round += 1) {
    await place(7, 'eu-west');
    const made = Array.from({ length: 900 }, (_, n) => place(1, `made-up-${round}-${n}`));
    await Promise.all(made);
  }
  await expect(place(6, 'eu-west')).rejects.toMatchObject({ code: 'stale-epoch' });
  await expect(placeItems([item('t2')], 6)).rejects.toMatchObject({ code: 'stale-epoch' });
  await place(6, 'forgotten');
});

test('the largest batch, over a fleet with the longest names, has an answer that NATS carries', async () => {
  const long = (prefix: string): string => prefix.padEnd(128, 'x');
  const swarms = Array.from({ length: 12 }, (_, index) => ({
    swarmId: long(`swarm-${index}-`),
    region: long(index < 6 ? 'eu-' : 'us-'),
    slots: 100,
  }));
  await startWith(...swarms);
  const asks = { requirements: { region: ['eu-*'] } };
  const results = await placeItems(Array.from({ length: 512 }, (_, index) => item(`t${index}`, asks)));
  expect(results.filter(({ placement }) => placement !== undefined)).toHaveLength(512);
  expect(results[511]?.placement?.receipt).toMatchObject({
    candidates: 12,
    feasible: 6,
    because: expect.any(String) as string,
  });
});

test('the outcome that one replica is told reaches the others', async () => {
  await startWith({ swarmId: 'a', slots: 1, held: [{ taskId: 't1', attempt: 1 }] });
  const two = await world.replica();
  expect((await seen(two, 'a')).busySlots).toBe(1);
  const body = reportOf({ swarmId: 'a', reservationId: 'of-nobody' } as Placement, 't1');
  await request(one.app).post('/v1/reports').send(body).expect(202, { accepted: 1 });
  await eventually(
    async () => (await seen(one, 'a')).freeSlots === 1 && (await seen(two, 'a')).freeSlots === 1,
  );
});

test('replicas share the requests, and go on when one stops', async () => {
  await startWith({ swarmId: 'a', slots: 100 });
  const two = await world.replica();
  const count = (replica: Replica): number =>
    replica.logs().filter(({ message }) => message === 'placed').length;
  let sent = 0;
  await eventually(async () => {
    await placed(`t${sent++}`);
    return count(one) > 0 && count(two) > 0;
  });
  await two.stop();
  for (let index = 0; index < 5; index++) expect((await placed(`after${index}`)).swarmId).toBe('a');
});

test('a swarm that says goodbye gets no more work', async () => {
  await startWith({ swarmId: 'a' });
  beat({ swarmId: 'a', state: 'stopped' });
  await eventually(() => one.logs().some(({ message }) => message === 'swarm stopped'));
  expect((await placeItems([item('t1')]))[0]?.waiting).toMatchObject({
    reason: 'no-swarm',
    detail: 'no swarm is connected; it needs type "build"',
  });
});

test('a reservation that nobody confirms comes free by itself, and that is announced', async () => {
  beat({ swarmId: 'a', slots: 1 });
  one = await world.replica({ RESERVATION_HOLD_MS: '100' });
  await placed('t1');
  await sawEvents([{ reason: 'joined' }, { reason: 'freed', freeSlots: 1 }]);
  expect((await placed('t2')).swarmId).toBe('a');
});

test('a placement is logged with the trace of its item, and counted', async () => {
  await startWith({ swarmId: 'a', slots: 1 });
  const traceparent = newTraceparent();
  await placeItems([item('t1', { traceparent }), item('t2', { traceparent })]);
  const lines = one.logs().filter(({ traceId }) => traceId === traceIdOf(traceparent));
  expect(lines).toMatchObject([
    {
      level: 'debug',
      message: 'placed',
      taskId: 't1',
      swarmId: 'a',
      because: 'the only swarm',
    },
    { level: 'debug', message: 'unplaced', taskId: 't2', reason: 'no-slot' },
  ]);
  const { text } = await request(one.app).get('/metrics').expect(200);
  expect(text).toMatch(/^multiswarm_placements_total\{[^}]*result="placed"[^}]*\} 1$/m);
  expect(text).toMatch(/^multiswarm_placements_total\{[^}]*result="no-slot"[^}]*\} 1$/m);
});

test('it is found by the NATS services protocol, and healthy while NATS answers', async () => {
  await startWith();
  const services = await world.bus.services(200);
  expect(services.map(({ name }) => name)).toEqual(['load-balancer']);
  const { body } = await request(one.app).get('/health').expect(200);
  expect(body).toMatchObject({ status: 'healthy', checks: { nats: { ok: true } } });
});

describe('over HTTP', () => {
  beforeEach(() =>
    startWith(
      {
        swarmId: 'gpu',
        region: 'us-east',
        types: ['train'],
        resources: { gpu: 1 },
        slots: 2,
        costPerHour: 10,
      },
      { swarmId: 'cpu', types: ['build'], resources: { cpu: 8 }, attributes: { language: ['python', 'go'] } },
    ),
  );

  test('a route is chosen by its requirements, flat ones included, and reserved until it is reported', async () => {
    const { body } = await request(one.app)
      .post('/v1/route')
      .send({ requirements: { requires_gpu: true } })
      .expect(200);
    const placement = Placement.parse(body);
    expect(placement).toMatchObject({ swarmId: 'gpu', region: 'us-east', costPerSlotHour: 5 });
    expect(placement.receipt.rejected).toEqual([
      { rule: 'resources', count: 1, detail: 'gpu 1', examples: ['cpu'] },
    ]);
    expect((await seen(one, 'gpu')).busySlots).toBe(1);
    await request(one.app).post('/v1/reports').send(reportOf(placement, 'mine')).expect(202);
    await eventually(async () => (await seen(one, 'gpu')).busySlots === 0);
  });

  test('the bus has the same route', async () => {
    const asked = { requirements: { language: 'go' } };
    const placement = await world.bus.request(subjects.lbRoute(), asked, { reply: Placement });
    expect(placement.swarmId).toBe('cpu');
  });

  test('a route that names a type asks for it', async () => {
    const { body } = await request(one.app).post('/v1/route').send({ type: 'deploy' }).expect(503);
    expect(body).toMatchObject({ code: 'no-placement', errors: [{ pointer: '/type', code: 'type' }] });
  });

  test('where nothing fits, the answer is a problem with each reason and its place', async () => {
    const response = await request(one.app)
      .post('/v1/route')
      .send({ requirements: { capabilities: ['quantum'], region: ['mars'] } })
      .expect(503)
      .expect('content-type', 'application/problem+json')
      .expect('retry-after', /\d+/);
    expect(response.body).toMatchObject({
      code: 'no-placement',
      retryable: true,
      detail:
        'no swarm advertises capability "quantum", and none is in region mars; 2 swarms known, closest is gpu (us-east), which meets the rest',
      errors: [
        { pointer: '/requirements/capabilities', code: 'capability' },
        { pointer: '/requirements/region', code: 'region' },
      ],
    });
  });

  test.each([
    ['/v1/route', { requirments: {} }, '/requirments', 'unknown-field'],
    ['/v1/route', { requirements: { resources: { cpu: -1 } } }, '/requirements/resources/cpu', 'too-small'],
    [
      '/v1/route',
      { requirements: { resources: { cpu: null } } },
      '/requirements/resources/cpu',
      'invalid-type',
    ],
    ['/v1/route', { requirements: { memory: [1] } }, '/requirements/memory', 'unknown-field'],
    ['/v1/reports', { v: 1, outcomes: [] }, '/outcomes', 'too-small'],
    ['/v1/reports', { v: 1, outcomes: [{ outcome: 'won' }] }, '/outcomes/0/outcome', 'invalid-value'],
    [
      '/v1/reports',
      {
        v: 1,
        outcomes: [
          {
            reservationId: 'r',
            swarmId: 'cpu',
            taskId: 't',
            attempt: 1,
            outcome: 'failed',
            durationMs: -1,
            cost: 1,
          },
        ],
      },
      '/outcomes/0/cost',
      'unknown-field',
    ],
  ])('%s refuses %j and points at the fault', async (path, sent, pointer, code) => {
    const { body } = await request(one.app).post(path).send(sent).expect(400);
    expect(body.code).toBe('invalid-request');
    expect(body.errors).toContainEqual(expect.objectContaining({ pointer, code }));
  });

  test('endpoints are listed by region as they are seen, and found by id', async () => {
    const { body } = await request(one.app).get('/v1/endpoints').expect(200);
    expect(body).toMatchObject({
      items: [
        { swarmId: 'cpu', state: 'ready', busySlots: 0, freeSlots: 4 },
        { swarmId: 'gpu', state: 'ready', busySlots: 0, freeSlots: 2 },
      ],
      next: null,
    });
    const missing = await request(one.app).get('/v1/endpoints/nobody').expect(404);
    expect(missing.body.code).toBe('endpoint-not-found');
  });

  test('the policies of this build are listed, with the one in use', async () => {
    const { body } = await request(one.app).get('/v1/policies').expect(200);
    expect(body).toEqual({
      active: 'hybrid',
      available: POLICIES.map(({ name }) => name),
      items: POLICIES.map(({ name, summary }) => ({ name, summary })),
      custom: [],
      namespaces: [],
    });
  });

  test('the API documents describe every route', async () => {
    const { body } = await request(one.app).get('/openapi.json').expect(200);
    expect(Object.keys(body.paths as object)).toEqual(
      expect.arrayContaining([
        '/v1/route',
        '/v1/reports',
        '/v1/endpoints',
        '/v1/endpoints/{id}',
        '/v1/policies',
      ]),
    );
  });
});
