import { Endpoint, RenewedReservation, RouteReply } from '@multiswarm/contracts';
import { connect } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { World, type Replica } from './support/world';

const HOLD_MS = 500;

let world: World;
let one: Replica;
let two: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica({ RESERVATION_HOLD_MS: String(HOLD_MS) });
  two = await world.replica({ RESERVATION_HOLD_MS: String(HOLD_MS) });
  const endpoint = {
    swarmId: 'gpu',
    address: 'gpu.endpoint',
    region: 'us-east',
    slots: 2,
    resources: { cpu: 4 },
  };
  await request(one.app).post('/v1/endpoints').send(endpoint).expect(201);
  await eventually(async () => (await request(two.app).get('/v1/endpoints/gpu')).status === 200);
});
afterAll(() => world.stop());

async function busyOn({ app }: Replica): Promise<number> {
  return Endpoint.parse((await request(app).get('/v1/endpoints/gpu').expect(200)).body).busySlots;
}

async function route({ app }: Replica): Promise<RouteReply> {
  const asked = { requirements: { resources: { cpu: 2 } } };
  return RouteReply.parse((await request(app).post('/v1/route').send(asked).expect(200)).body);
}

const renew = ({ app }: Replica, id: string) => request(app).post(`/v1/reservations/${id}/renew`);

test('what one replica reserves on an endpoint counts for all, until it is reported, given back or has expired', async () => {
  const first = await route(one);
  await eventually(async () => (await busyOn(two)) === 1);
  const second = await route(two);
  await eventually(async () => (await busyOn(one)) === 2);
  await request(one.app).post('/v1/route').send({}).expect(503);
  const { swarmId, reservationId } = first;
  await request(two.app).post('/v1/reports').send({ swarmId, success: true, reservationId }).expect(202);
  await eventually(async () => (await busyOn(one)) === 1 && (await busyOn(two)) === 1);
  await request(one.app).delete(`/v1/reservations/${second.reservationId}`).expect(202);
  await eventually(async () => (await busyOn(one)) === 0 && (await busyOn(two)) === 0);
  await route(one);
  await eventually(async () => (await busyOn(two)) === 1);
  await eventually(async () => (await busyOn(one)) === 0 && (await busyOn(two)) === 0);
});

test('a reservation is renewed through any replica, and is held by all while it is', async () => {
  const { reservationId } = await route(one);
  const from = performance.now();
  await eventually(
    async () => {
      const { body } = await renew(two, reservationId).expect(200);
      expect(RenewedReservation.parse(body)).toEqual({ reservationId, holdMs: HOLD_MS });
      expect(await busyOn(one)).toBe(1);
      return performance.now() - from > 2.5 * HOLD_MS;
    },
    { describe: 'renewals for longer than it is held without' },
  );
  expect(await busyOn(two)).toBe(1);
  await eventually(async () => (await busyOn(one)) === 0 && (await busyOn(two)) === 0);
  const { body } = await renew(one, reservationId).expect(404);
  expect(body).toMatchObject({ code: 'reservation-not-found', retryable: false });
});

test('what nobody has reserved, or a replica that is gone, is not found, over HTTP and NATS', async () => {
  const client = await connect({ bus: world.bus, retryForMs: 0 });
  for (const id of ['', '-', 'of-nobody-1', 'x', 'a.b-1', `${'x'.repeat(100)}-1`]) {
    const { status } = await renew(one, encodeURIComponent(id || 'none'));
    expect([id, status]).toEqual([id, 404]);
    await expect(client.routing.renew(id || 'none')).rejects.toMatchObject({ code: 'reservation-not-found' });
  }
  const { reservationId } = await client.routing.route();
  expect(await client.routing.renew(reservationId)).toEqual({ reservationId, holdMs: HOLD_MS });
  await client.routing.release(reservationId);
});
