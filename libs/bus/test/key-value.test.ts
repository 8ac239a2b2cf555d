import { KeyValueBucket, keyValueBuckets, type KeyValueEntry } from '@multiswarm/bus';
import { eventually, startNats } from '@multiswarm/testing';
import { Buses } from './buses';

const SETTINGS = { history: 3, replicas: 1, maxValueBytes: 1_000, maxBytes: 100_000 };

let buses: Buses;
let bucket: KeyValueBucket;

beforeAll(async () => {
  buses = await Buses.start();
});

beforeEach(async () => {
  const bus = await buses.connect();
  bucket = new KeyValueBucket(bus.connection, 'plan');
  await bucket.make(SETTINGS);
});

afterEach(async () => {
  await bucket.drop();
  await buses.disconnect();
});

afterAll(() => buses.stop());

test('what was written is read, with its revision, and earlier revisions as far as they are kept', async () => {
  const first = await bucket.put('a.b', '1');
  const second = await bucket.put('a.b', '2');
  expect(second).toBeGreaterThan(first);
  expect(await bucket.get('a.b')).toMatchObject({ key: 'a.b', revision: second, value: '2' });
  expect(await bucket.get('a.b', first)).toMatchObject({ revision: first, value: '1' });
  expect(await bucket.get('a.c')).toBeUndefined();
  await bucket.put('a.b', '3');
  await bucket.put('a.b', '4');
  expect((await bucket.history('a.b')).map(({ value }) => value)).toEqual(['2', '3', '4']);
  expect(await bucket.get('a.b', first)).toBeUndefined();
});

test('a write with an expected revision happens only where it is the newest one; 0 wants the key not to be there', async () => {
  const first = await bucket.put('k', '1', 0);
  await expect(bucket.put('k', '2', 0)).rejects.toMatchObject({ code: 'revision-conflict' });
  const second = await bucket.put('k', '2', first);
  await expect(bucket.put('k', '3', first)).rejects.toMatchObject({ code: 'revision-conflict' });
  await expect(bucket.delete('k', first)).rejects.toMatchObject({ code: 'revision-conflict' });
  await bucket.delete('k', second);
  expect(await bucket.get('k')).toMatchObject({ value: undefined });
  expect(await bucket.put('k', '4', 0)).toBeGreaterThan(second);
});

test('keys are listed by pattern, without the deleted ones', async () => {
  for (const key of ['a.1', 'a.2', 'b.1']) await bucket.put(key, 'x');
  await bucket.delete('a.1');
  expect((await bucket.keys()).sort()).toEqual(['a.2', 'b.1']);
  expect(await bucket.keys('a.*')).toEqual(['a.2']);
  expect(await bucket.info()).toMatchObject({ keys: 3, replicas: 1, history: 3 });
  await bucket.forgetDeletions(-1_000);
  expect(await bucket.info()).toMatchObject({ keys: 2 });
});

test('a watcher sees what is there and what comes, and goes on behind the revision that it has seen', async () => {
  await bucket.put('a', '1');
  const last = await bucket.put('a', '2');
  const seen: KeyValueEntry[] = [];
  const watch = await bucket.watch('>');
  const reading = (async () => {
    for await (const entry of watch.entries) seen.push(entry);
  })();
  await eventually(() => seen.length === 1);
  await bucket.put('b', '3');
  await bucket.delete('a');
  await eventually(() => seen.length === 3);
  watch.close();
  await reading;
  expect(seen.map(({ key, value }) => [key, value])).toEqual([
    ['a', '2'],
    ['b', '3'],
    ['a', undefined],
  ]);
  const again = await bucket.watch('a', last);
  for await (const entry of again.entries) {
    expect(entry).toMatchObject({ key: 'a', value: undefined });
    break;
  }
  again.close();
});

test('what is too much is refused by name: a value, a bucket without room', async () => {
  await expect(bucket.put('k', 'x'.repeat(2_000))).rejects.toMatchObject({ code: 'body-too-large' });
  const writes = Array.from({ length: 200 }, (_, index) => bucket.put(`k${index}`, 'x'.repeat(900)));
  const outcomes = await Promise.allSettled(writes);
  const refused = outcomes
    .filter((each) => each.status === 'rejected')
    .map((each) => each.reason.code as string);
  expect(new Set(refused)).toEqual(new Set(['state-full']));
});

test('a bucket that nobody has made is told apart from one that does not answer', async () => {
  const bus = await buses.connect();
  const none = new KeyValueBucket(bus.connection, 'none');
  await expect(none.put('k', 'v')).rejects.toMatchObject({ code: 'state-not-found' });
  expect(await none.get('k')).toBeUndefined();
  expect(await none.keys()).toEqual([]);
  expect(await none.history('k')).toEqual([]);
  expect(await none.info()).toBeUndefined();
  expect(await none.drop()).toBe(false);
  expect(await keyValueBuckets(bus.connection, 'pl')).toEqual(['plan']);
});

test('what the server lacks is refused by name: replicas without a cluster, JetStream that is off', async () => {
  const bus = await buses.connect();
  const many = new KeyValueBucket(bus.connection, 'many');
  await expect(many.make({ ...SETTINGS, replicas: 3 })).rejects.toMatchObject({
    code: 'feature-not-available',
    message: expect.stringContaining('STREAM_REPLICAS'),
  });
  const bare = await startNats({ jetstream: false });
  try {
    const other = await buses.connect({ servers: bare.url });
    await expect(new KeyValueBucket(other.connection, 'plan').put('k', 'v')).rejects.toMatchObject({
      code: 'state-unavailable',
    });
  } finally {
    await buses.disconnect();
    await bare.stop();
  }
  bucket = new KeyValueBucket((await buses.connect()).connection, 'plan');
});
