import { keys, LIMITS, type Definition } from '@multiswarm/contracts';
import { Store } from '@multiswarm/store';
import { startRedis, type TestServer } from '@multiswarm/testing';
import { redisDefinitionStore } from '../src/adapters/store/redis-definition-store';
import type { DefinitionStore } from '../src/ports';

let server: TestServer;
let store: Store;
let definitions: DefinitionStore;

beforeAll(async () => {
  server = await startRedis({ appendfsync: 'no' });
  store = await Store.connect({ url: server.url, name: 'test' });
  definitions = redisDefinitionStore(store);
});

beforeEach(() => store.redis.flushall());

afterAll(async () => {
  await store.close();
  await server.stop();
});

const of = (name: string, namespace = 'shop') => ({ namespace, name });
const given = (name: string, type: string, namespace = 'shop'): Omit<Definition, 'version'> => ({
  ...of(name, namespace),
  createdAt: '2026-01-01T00:00:00.000Z',
  requestedBy: 'ann',
  steps: 1,
  bodyHash: `hash of ${type}`,
  body: { tasks: [{ id: 'a', type }], dependencies: {} },
});

test('a body gets a version of its own, and the newest one again gets none', async () => {
  const { body, ...head } = given('report', 'one');
  expect(await definitions.put(given('report', 'one'))).toEqual({ ...head, version: 1 });
  const again = { ...given('report', 'one'), createdAt: '2030-01-01T00:00:00.000Z', requestedBy: 'bob' };
  expect(await definitions.put(again)).toEqual({ ...head, version: 1 });
  expect(await definitions.put(given('report', 'two'))).toMatchObject({ version: 2 });
  expect(await definitions.put(given('report', 'one'))).toMatchObject({ version: 3 });
  expect(await definitions.get(of('report'), 1)).toEqual({ ...head, version: 1, body });
  expect(await definitions.get(of('report'))).toMatchObject({ version: 3, body });
  expect(await definitions.get(of('report'), 4)).toBeUndefined();
  expect(await definitions.get(of('other'))).toBeUndefined();
  expect(await definitions.get(of('report', 'elsewhere'))).toBeUndefined();
});

test('of many who put at once each gets a version with its body, and the same body has one', async () => {
  const types = ['a', 'b', 'c', 'b', 'a', 'a'];
  const put = await Promise.all(types.map((type) => definitions.put(given('report', type))));
  for (const [index, { version }] of put.entries())
    expect(await definitions.get(of('report'), version)).toMatchObject({
      body: { tasks: [{ type: types[index] }] },
    });
  const versions = (await definitions.versions(of('report'), undefined, 10)).map(({ version }) => version);
  expect(versions).toEqual(Array.from({ length: versions.length }, (_, index) => versions.length - index));
  expect(new Set(put.map(({ version }) => version))).toEqual(new Set(versions));
});

test('lists have the newest versions by namespace and name, page by page; versions go from the newest down', async () => {
  for (const [name, namespace] of [
    ['b', 'shop'],
    ['a/deep', 'shop'],
    ['z', 'alpha'],
    ['a', 'shop-2'],
  ] as const)
    await definitions.put(given(name, 'x', namespace));
  await definitions.put(given('b', 'y'));
  const first = await definitions.list(undefined, undefined, 2);
  expect(first.items.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(['alpha/z', 'shop-2/a']);
  const rest = await definitions.list(undefined, first.last, 2);
  expect(rest).toMatchObject({
    items: [
      { name: 'a/deep', namespace: 'shop' },
      { name: 'b', version: 2 },
    ],
    last: undefined,
  });
  const ofShop = await definitions.list('shop', undefined, 10);
  expect(ofShop.items.map(({ name }) => name)).toEqual(['a/deep', 'b']);
  await definitions.put(given('b', 'z'));
  expect((await definitions.versions(of('b'), undefined, 2)).map(({ version }) => version)).toEqual([3, 2]);
  expect((await definitions.versions(of('b'), 2, 2)).map(({ version }) => version)).toEqual([1]);
  expect(await definitions.versions(of('none'), undefined, 2)).toEqual([]);
});

test('what is deleted is gone with all its versions, and none of their numbers comes again', async () => {
  await definitions.put(given('report', 'one'));
  await definitions.put(given('report', 'two'));
  expect(await definitions.remove(of('report'))).toBe(2);
  expect(await definitions.remove(of('report'))).toBeUndefined();
  expect(await definitions.get(of('report'), 1)).toBeUndefined();
  expect((await definitions.list(undefined, undefined, 10)).items).toEqual([]);
  expect(await definitions.put(given('report', 'two'))).toMatchObject({ version: 3 });
  expect((await definitions.versions(of('report'), undefined, 10)).map(({ version }) => version)).toEqual([
    3,
  ]);
});

test('at the limits it says which, and loses nothing', async () => {
  await definitions.put(given('report', 'one'));
  const filled = Array.from({ length: LIMITS.DEFINITION_VERSIONS }, (_, index) => [
    ...[`m${index + 1}`, '{}'],
    ...[`b${index + 1}`, '{}'],
  ]);
  await store.redis.hset(keys.definition('shop', 'report'), ...filled.flat());
  await expect(definitions.put(given('report', 'two'))).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('DEFINITION_VERSIONS'),
  });
  const fill = "for at = 1, tonumber(ARGV[1]) do redis.call('HSET', KEYS[1], 'shop/n' .. at, 1) end";
  await store.redis.eval(fill, 1, keys.definitionVersions(), LIMITS.DEFINITIONS);
  await expect(definitions.put(given('one-more', 'x'))).rejects.toMatchObject({
    message: expect.stringContaining('(DEFINITIONS)'),
  });
  expect(await definitions.put(given('n7', 'x'))).toMatchObject({ version: 2 });
});
