import { isConnectionFault, isUnknownScript, loadScript, type Script, type Store } from '@multiswarm/store';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Stores } from './stores';

let stores: Stores;
let store: Store;

beforeAll(async () => {
  stores = await Stores.start({ appendfsync: 'always' });
  store = await stores.connect({ name: 'orchestrator-1' });
});

afterAll(() => stores.stop());
beforeEach(() => store.redis.flushall());

function script(source: string): Script {
  const path = join(stores.redis.dir, 'test.lua');
  writeFileSync(path, source);
  return loadScript(path);
}

test('a script gets its keys and arguments as they are, whatever characters they have', async () => {
  const echo = script('return { KEYS, ARGV }');
  const texts = fc.array(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ maxLength: 80 })),
  );
  await fc.assert(
    fc.asyncProperty(texts, texts, async (keys, args) => {
      const tagged = keys.map((key) => `{a}${key}`);
      expect(await store.run(echo, tagged, args)).toEqual([tagged, args]);
    }),
    { numRuns: 200 },
  );
});

test('a script gets large arguments whole, and numbers as they are printed', async () => {
  const digest = script(
    'local seen = {} for at, arg in ipairs(ARGV) do seen[at] = redis.sha1hex(arg) end return seen',
  );
  const args = ['', 'x'.repeat(100_000), 'é漢😀\r\n'.repeat(20_000), 7, -1.5, 1_763_830_066_970_123];
  const sha1 = (arg: unknown): string => createHash('sha1').update(String(arg)).digest('hex');
  expect(await store.run(digest, [], args)).toEqual(args.map(sha1));
});

test('what is asked for together leaves in one write, and each has its own answer', async () => {
  const { stream } = store.redis;
  const write = jest.spyOn(stream as unknown as { _writev: () => void }, '_writev');
  const add = script("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  await store.load(add);
  await store.redis.set('{a}text', 'x');
  const asked = store.together(() =>
    ['{a}1', '{a}text', '{a}1'].map((key) => store.runKnown(add, [key], [5])),
  );
  const answers = await Promise.allSettled(asked);
  expect(answers).toMatchObject([
    { value: 5 },
    { reason: { message: expect.stringContaining('not an integer') } },
    { value: 10 },
  ]);
  expect(write).toHaveBeenCalledTimes(1);
  write.mockRestore();
});

test('a script that the server does not know is told apart from other errors', async () => {
  const fresh = script(`return ${Math.random()}`);
  const refused = await store.runKnown(fresh, [], []).catch((error: unknown) => error);
  expect(isUnknownScript(refused)).toBe(true);
  expect(isUnknownScript(new Error('NOSCRIPT'))).toBe(false);
  await store.load(fresh);
  expect(await store.runKnown(fresh, [], [])).toBe(0);
});

test('a script that the server has forgotten is sent again and runs once', async () => {
  const count = script("return redis.call('INCR', KEYS[1])");
  expect(await store.run(count, ['n'], [])).toBe(1);
  await store.redis.script('FLUSH');
  expect(await store.run(count, ['n'], [])).toBe(2);
  await store.redis.script('FLUSH');
  const many = [...Array(10).keys()].map(() => store.run(count, ['n'], []));
  expect((await Promise.all(many)).sort((a, b) => Number(a) - Number(b))).toEqual([
    3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
  ]);
});

test('after the first time only the hash of a script is sent', async () => {
  const long = script(`return 1 --${'x'.repeat(100_000)}`);
  const received = async (): Promise<number> =>
    Number(/total_net_input_bytes:(\d+)/.exec(await store.redis.info('stats'))![1]);
  await store.run(long, [], []);
  const before = await received();
  await store.run(long, [], []);
  expect((await received()) - before).toBeLessThan(10_000);
});

test('a script file that is missing is an error at once', () => {
  expect(() => loadScript('/nowhere/x.lua')).toThrow(/ENOENT/);
});

test('an error of Redis passes through as it is, whatever words it contains', async () => {
  await store.redis.set('text', 'x');
  await expect(store.guard((redis) => redis.incr('text'))).rejects.toMatchObject({
    name: 'ReplyError',
    message: expect.stringContaining('not an integer'),
  });
  const quoting = script("return redis.error_reply('ERR the queue says ECONNREFUSED, EPIPE, LOADING')");
  await expect(store.run(quoting, [], [])).rejects.toMatchObject({ name: 'ReplyError' });
  const own = new Error('a bug of the caller');
  await expect(store.guard(() => Promise.reject(own))).rejects.toBe(own);
});

test('faults of the connection are told from others by what the client says', () => {
  const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });
  for (const error of [
    new Error('Connection is closed.'),
    new Error("Stream isn't writeable and enableOfflineQueue options is false"),
    new Error('connect ECONNREFUSED 127.0.0.1:6379'),
    Object.assign(new Error('read'), { code: 'ECONNRESET' }),
    Object.assign(new Error('Reached the max retries per request limit (which is 0).'), {
      name: 'MaxRetriesPerRequestError',
    }),
    reply('LOADING Redis is loading the dataset in memory'),
  ])
    expect(isConnectionFault(error)).toBe(true);
  for (const error of [reply('WRONGTYPE'), reply('ERR ECONNRESET'), new Error('other'), 'ECONNRESET', null])
    expect(isConnectionFault(error)).toBe(false);
});

test('the connection carries its name, and a ping is timed by the given clock', async () => {
  expect(await store.redis.client('LIST')).toContain('name=orchestrator-1');
  const times = [100, 107];
  expect(await store.pingMs(() => times.shift()!)).toBe(7);
});

describe('the promise of durability', () => {
  const asItShouldBe = { 'maxmemory-policy': 'noeviction', appendonly: 'yes' };
  const configure = async (settings: Record<string, string>): Promise<void> => {
    for (const [name, value] of Object.entries(settings)) await store.redis.config('SET', name, value);
  };

  afterEach(() => configure(asItShouldBe));

  test.each(['always', 'everysec'])(
    'is kept with an append-only file, appendfsync %s',
    async (appendfsync) => {
      await configure({ ...asItShouldBe, appendfsync });
      expect(await store.durabilityFaults()).toEqual([]);
    },
  );

  test('is broken by each setting that can lose work, and all are named at once', async () => {
    await configure({ appendonly: 'no' });
    expect(await store.durabilityFaults()).toEqual([expect.stringContaining('appendonly must be yes')]);
    await configure({ 'maxmemory-policy': 'allkeys-lru' });
    expect(await store.durabilityFaults()).toEqual([
      expect.stringContaining('maxmemory-policy must be noeviction'),
      expect.stringContaining('appendonly must be yes'),
    ]);
  });

  test('is not judged where the server does not tell its settings', async () => {
    await store.redis.call('ACL', 'SETUSER', 'quiet', 'on', 'nopass', '~*', '+@all', '-config');
    const quiet = await stores.connect({ url: stores.redis.url.replace('//', '//quiet:any@') });
    expect(await quiet.durabilityFaults()).toEqual([]);
  });
});
