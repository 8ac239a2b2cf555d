import { randomBytes } from 'node:crypto';
import {
  connectBus,
  DomainPayloads,
  ensureStream,
  PayloadBucket,
  PayloadInventory,
  storeMessage,
  type Bus,
  type Description,
} from '@multiswarm/bus';
import {
  buckets,
  LIMITS,
  MultiswarmError,
  payloadBucketOf,
  streamOfBucket,
  streams,
  subjects,
  type PayloadRef,
} from '@multiswarm/contracts';
import { systemClock, systemIds } from '@multiswarm/core';
import { jetstreamManager } from '@nats-io/jetstream';
import { Buses } from './buses';

let buses: Buses;
let bus: Bus;
let bucket: PayloadBucket;
let inventory: PayloadInventory;

beforeAll(async () => {
  buses = await Buses.start();
  bus = await buses.connect();
  await ensureBucket(64 * 1024 * 1024);
  bucket = new PayloadBucket(bus.connection, systemClock, systemIds);
  inventory = new PayloadInventory(bus.connection, systemClock);
});

afterAll(() => buses.stop());

afterEach(async () => {
  const manager = await jetstreamManager(bus.connection);
  await manager.streams.purge(streams.payloads);
});

function ensureBucket(maxBytes: number, of: string = buckets.payloads): Promise<void> {
  return ensureStream(bus.connection, {
    name: streamOfBucket(of),
    subjects: [subjects.allPayloadParts(of), subjects.allPayloadDescriptions(of)],
    ...{ maxAgeMs: 0, maxBytes, replicas: 1, dedupWindowMs: 1_000 },
    refusesWhenFull: true,
    isStore: true,
  });
}

async function described(): Promise<Description[]> {
  const found: Description[] = [];
  for await (const each of inventory.descriptions()) found.push(each);
  return found;
}

async function codeOf(action: Promise<unknown>): Promise<string | undefined> {
  return action.then(
    () => undefined,
    (error: unknown) => (error instanceof MultiswarmError ? error.code : String(error)),
  );
}

test.each([1, 100, LIMITS.PAYLOAD_CHUNK_BYTES, LIMITS.PAYLOAD_CHUNK_BYTES * 3 + 17])(
  'what was stored is read as it was: %i bytes',
  async (size) => {
    const bytes = randomBytes(size);
    const ref = await bucket.store('default', bytes);
    expect((await bucket.fetch(ref)).equals(bytes)).toBe(true);
    expect(ref).toEqual({ id: expect.stringMatching(/^default\.[0-9a-f]{64}$/), bytes: size });
  },
);

test('the same bytes are stored once, whole or in pieces, also by several at the same time', async () => {
  const bytes = randomBytes(LIMITS.PAYLOAD_CHUNK_BYTES * 2);
  const pieces = [bytes.subarray(0, 1_000), bytes.subarray(1_000, 200_001), bytes.subarray(200_001)];
  const refs = await Promise.all([
    bucket.store('default', bytes),
    bucket.storeStream('default', pieces),
    bucket.store('default', bytes),
    bucket.storeStream('default', [bytes]),
  ]);
  expect(new Set(refs.map(({ id }) => id)).size).toBe(1);
  expect(await described()).toHaveLength(1);
  expect([...(await inventory.parts()).values()]).toEqual([2]);
});

test('the same bytes of two namespaces are two payloads', async () => {
  await bucket.store('a', 'x');
  await bucket.store('b', 'x');
  expect((await described()).map(({ id }) => id.slice(0, 2)).toSorted()).toEqual(['a.', 'b.']);
});

test('a claim is a new time, after which who has seen the old one cannot remove it', async () => {
  const ref = await bucket.store('default', 'x');
  const [seen] = await described();
  if (!seen) throw new Error('nothing is stored');
  await bucket.claim(ref);
  expect(await inventory.remove(seen)).toBe(false);
  expect((await bucket.fetch(ref)).toString()).toBe('x');
});

test('what is removed is gone with all its parts, cannot be claimed, and can be stored again', async () => {
  const ref = await bucket.store('default', 'x');
  for (const each of await described()) expect(await inventory.remove(each)).toBe(true);
  expect(await codeOf(bucket.claim(ref))).toBe('payload-not-found');
  expect(await codeOf(bucket.fetch(ref))).toBe('payload-not-found');
  expect([await described(), (await inventory.parts()).size]).toEqual([[], 0]);
  await bucket.store('default', 'x');
  expect((await bucket.fetch(ref)).toString()).toBe('x');
});

test('a removal that stopped half-way is finished by the next one, and is in nobody’s way', async () => {
  const ref = await bucket.store('default', 'x');
  const [seen] = await described();
  if (!seen) throw new Error('nothing is stored');
  const mark = JSON.stringify({ name: seen.id, nuid: seen.upload, size: 1, chunks: 1, deleted: true });
  await storeMessage(bus.connection, subjects.payloadDescription(ref.id), mark, {
    headers: { 'Nats-Rollup': 'sub' },
  });
  expect(await codeOf(bucket.claim(ref))).toBe('payload-not-found');
  await bucket.store('default', 'x');
  expect((await bucket.fetch(ref)).toString()).toBe('x');
  // The parts of the first upload have no description any more.
  const loose = [...(await inventory.parts()).keys()].filter((upload) => upload === seen.upload);
  for (const upload of loose) await inventory.removeUpload(upload);
  expect([loose.length, (await bucket.fetch(ref)).toString()]).toEqual([1, 'x']);
});

test('an upload that breaks off leaves nothing', async () => {
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield randomBytes(LIMITS.PAYLOAD_CHUNK_BYTES * 4);
    await Promise.resolve();
    throw new MultiswarmError('invalid-request', 'the client has gone');
  };
  expect(await codeOf(bucket.storeStream('default', broken()))).toBe('invalid-request');
  expect([await described(), (await inventory.parts()).size]).toEqual([[], 0]);
});

test('a payload of which a part is missing or another one is told, never handed over', async () => {
  const bytes = randomBytes(LIMITS.PAYLOAD_CHUNK_BYTES * 2);
  const ref = await bucket.store('default', bytes);
  const [seen] = await described();
  const manager = await jetstreamManager(bus.connection);
  const subject = subjects.payloadParts(seen?.upload ?? '');
  const last = await manager.streams.getMessage(streams.payloads, { last_by_subj: subject });
  await manager.streams.deleteMessage(streams.payloads, last?.seq ?? 0);
  expect(await codeOf(bucket.fetch(ref))).toBe('payload-corrupt');
  await storeMessage(bus.connection, subject, randomBytes(LIMITS.PAYLOAD_CHUNK_BYTES));
  expect(await codeOf(bucket.fetch(ref))).toBe('payload-corrupt');
});

test('a reference with another size is none to that payload', async () => {
  const ref = await bucket.store('default', 'abc');
  expect(await codeOf(bucket.fetch({ ...ref, bytes: 4 }))).toBe('payload-not-found');
  expect(await codeOf(bucket.claim({ ...ref, bytes: 4 }))).toBe('payload-not-found');
});

test('more than the limit is refused, whether the size is known before or only at the end', async () => {
  const chunk = Buffer.alloc(LIMITS.PAYLOAD_BYTES / 4);
  const endless = function* (): Generator<Uint8Array> {
    for (;;) yield chunk.subarray(0, 8);
  };
  expect(await codeOf(bucket.store('default', Buffer.alloc(LIMITS.PAYLOAD_BYTES + 1)))).toBe(
    'payload-too-large',
  );
  const controller = new AbortController();
  controller.abort(new MultiswarmError('cancelled', 'enough'));
  expect(await codeOf(bucket.storeStream('default', endless(), { signal: controller.signal }))).toBe(
    'cancelled',
  );
});

test('a full store says so, and goes on when there is room', async () => {
  await ensureBucket(1024 * 1024);
  const large = randomBytes(2 * 1024 * 1024);
  expect(await codeOf(bucket.store('default', large))).toBe('payload-store-full');
  await ensureBucket(64 * 1024 * 1024);
  expect(await codeOf(bucket.store('default', large))).toBeUndefined();
});

test('without a store it says that it does not answer', async () => {
  const ref: PayloadRef = { id: `default.${'0'.repeat(64)}`, bytes: 1 };
  const manager = await jetstreamManager(bus.connection);
  await manager.streams.delete(streams.payloads);
  const codes = [await codeOf(bucket.store('default', 'x')), await codeOf(bucket.fetch(ref))];
  await ensureBucket(64 * 1024 * 1024);
  expect(codes).toEqual(['payload-store-unavailable', 'payload-store-unavailable']);
});

test('another connection reads what this one has stored', async () => {
  const ref = await bucket.store('default', 'x'.repeat(300_000));
  const other = await connectBus({ servers: buses.nats.url, name: 'other' });
  const text = (await new PayloadBucket(other.connection, systemClock, systemIds).fetch(ref)).toString();
  await other.close();
  expect(text).toBe('x'.repeat(300_000));
});

test('a domain keeps data of messages in the store of the orchestrator, or else in its own, and finds it in either', async () => {
  const of = { connection: bus.connection, clock: systemClock, ids: systemIds };
  const here = new DomainPayloads({ ...of, domain: () => 'eu' });
  expect(await codeOf(here.store('default', 'x'))).toBeUndefined();
  const manager = await jetstreamManager(bus.connection);
  await manager.streams.delete(streams.payloads);
  expect(await codeOf(here.store('default', 'x'))).toBe('payload-store-unavailable');
  const own = payloadBucketOf('eu');
  const name = streamOfBucket(own);
  await ensureBucket(64 * 1024 * 1024, own);
  const ref = await here.store('default', 'y'.repeat(300_000));
  expect((await manager.streams.info(name)).state.messages).toBe(4);
  await ensureBucket(64 * 1024 * 1024);
  expect((await here.fetch(ref)).toString()).toBe('y'.repeat(300_000));
  const nowhere: PayloadRef = { id: `default.${'0'.repeat(64)}`, bytes: 1 };
  expect(await codeOf(here.claim(nowhere))).toBe('payload-not-found');

  const there = new DomainPayloads({ ...of, domain: () => 'us' });
  await there.copy(ref, here);
  await there.copy(ref, here);
  expect((await bucket.fetch(ref)).toString()).toBe('y'.repeat(300_000));
  expect(await codeOf(there.copy(nowhere, here))).toBe('payload-not-found');
  expect((await manager.streams.info(streams.payloads)).state.messages).toBe(4);
  await manager.streams.delete(name);
});
