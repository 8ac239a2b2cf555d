import {
  DecisionDetail,
  DecisionPage,
  PlaceReply,
  Replay,
  subjects,
  type PlaceItem,
} from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { heartbeat, item } from './support/builders';
import { World, type Replica } from './support/world';

let world: World;

beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

/** A replica that sees swarm `a`, with two slots. */
async function replicaWithSwarm(env: Record<string, string> = {}): Promise<Replica> {
  const replica = await world.replica(env);
  const swarm = heartbeat({ swarmId: 'a', slots: 2, intervalMs: 60_000 });
  world.bus.publish(subjects.swarmHeartbeat('a'), swarm);
  await eventually(() => replica.logs().some(({ message }) => message === 'swarm joined'));
  return replica;
}

async function place(...items: PlaceItem[]): Promise<void> {
  await world.bus.request(subjects.lbPlace(), { v: 1, epoch: 1, items }, { reply: PlaceReply });
}

async function decisions(replica: Replica, query = ''): Promise<DecisionPage> {
  const { body } = await request(replica.app).get(`/v1/decisions${query}`).expect(200);
  return DecisionPage.parse(body);
}

test('what was decided is listed, newest first, and each is to be had with its receipt', async () => {
  const replica = await replicaWithSwarm();
  await place(item('t1'), item('t2'), item('t3', { namespace: 'other' }));
  const page = await decisions(replica);
  expect(page).toMatchObject({
    items: [
      {
        key: 't3',
        namespace: 'other',
        outcome: 'no-slot',
        because: expect.stringContaining('has not a free slot') as string,
      },
      { key: 't2', outcome: 'placed', swarmId: 'a', because: 'the only swarm' },
      { key: 't1', outcome: 'placed', costPerSlotHour: 2 },
    ],
    ...{ next: null, kept: 3, oldest: page.items[2]?.at },
  });
  const detail = async (index: number): Promise<DecisionDetail> => {
    const { body } = await request(replica.app).get(`/v1/decisions/${page.items[index]?.id}`).expect(200);
    return DecisionDetail.parse(body);
  };
  expect(await detail(0)).toMatchObject({ key: 't3', waiting: { reason: 'no-slot' } });
  expect(await detail(1)).toMatchObject({ key: 't2', receipt: { ranked: [{ swarmId: 'a' }] } });
  expect((await decisions(replica, '?waiting=true&namespace=other')).items).toHaveLength(1);
  const first = await decisions(replica, '?limit=2');
  expect(first.items.map(({ key }) => key)).toEqual(['t3', 't2']);
  const rest = await decisions(replica, `?limit=2&cursor=${first.next}`);
  expect(rest).toMatchObject({ items: [{ key: 't1' }], next: null });
});

test('no more are kept than is set; one that is gone, or of another replica, is not found', async () => {
  const replica = await replicaWithSwarm({ DECISIONS_KEPT: '1' });
  await place(item('t1'));
  const [gone] = (await decisions(replica)).items;
  await place(item('t2'));
  expect(await decisions(replica)).toMatchObject({ kept: 1, items: [{ key: 't2' }] });
  for (const id of [gone?.id, 'of-nobody-1', 'of-nobody-x']) {
    const { body } = await request(replica.app).get(`/v1/decisions/${id}`).expect(404);
    expect(body).toMatchObject({ code: 'decision-not-found', retryable: false });
  }
  const faulty = await request(replica.app).get('/v1/decisions?swarm=a.b&waiting=perhaps').expect(400);
  expect(faulty.body).toMatchObject({ code: 'invalid-request' });
});

test('what another policy would have decided is asked over HTTP and NATS, and only of policies of this build', async () => {
  const replica = await replicaWithSwarm();
  const cheaper = heartbeat({ swarmId: 'b', slots: 2, costPerHour: 1, intervalMs: 60_000 });
  world.bus.publish(subjects.swarmHeartbeat('b'), cheaper);
  await eventually(() => replica.logs().filter(({ message }) => message === 'swarm joined').length === 2);
  const routing = { policy: 'round-robin' as const };
  await place(...['t1', 't2', 't3'].map((key) => item(key, { routing })));
  const { body } = await request(replica.app)
    .post('/v1/decisions/replay')
    .send({ policy: 'cost' })
    .expect(200);
  const [, second] = (await decisions(replica)).items;
  const replay = Replay.parse(body);
  expect(replay).toMatchObject({
    ...{ replayed: 3, same: 2, oldest: second?.at },
    means: { chosen: { costPerSlotHour: (0.5 + 2 + 0.5) / 3 }, wouldBe: { costPerSlotHour: 0.5 } },
    items: [
      {
        ...{ id: second?.id, key: 't2', policy: 'round-robin', open: 2, kept: 2 },
        ...{ chose: { swarmId: 'a' }, wouldChoose: { swarmId: 'b' } },
      },
    ],
  });
  const asked = { policy: 'cost', task: 't1', madeBy: 'round-robin' };
  const one = await world.bus.request(subjects.lbReplay(), asked, { reply: Replay });
  expect(one).toMatchObject({ replayed: 1, same: 1, items: [] });
  const none = await world.bus.request(
    subjects.lbReplay(),
    { policy: 'cost', type: 'other' },
    { reply: Replay },
  );
  expect(none).toMatchObject({ replayed: 0, means: null, oldest: null });
  const faulty = await request(replica.app)
    .post('/v1/decisions/replay')
    .send({ policy: 'custom:x' })
    .expect(400);
  expect(JSON.stringify(faulty.body)).toContain('only policies of this build can be asked');
});
