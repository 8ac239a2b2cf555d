import { keys, LearningPage, subjects, type LbReport, type LearningChanged } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { Store } from '@multiswarm/store';
import { eventually, startRedis, type TestServer } from '@multiswarm/testing';
import request from 'supertest';
import { redisLearningStore } from '../src/adapters/store/redis-learning-store';
import { Learning } from '../src/application/learning';
import { Learner, LEARNER_DEFAULTS } from '../src/domain/learning/learner';
import { heartbeat } from './support/builders';
import { World } from './support/world';

const HOUR = 3_600_000;
const who = { requestedBy: 'ada', reason: 'the model was replaced' };

describe('over one Redis', () => {
  let redis: TestServer;
  let store: Store;
  let told: LearningChanged[];
  const clock = new ManualClock(Date.now());
  const started: Learning[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    store = await Store.connect({ url: redis.url, name: 'test' });
  });
  beforeEach(async () => {
    told = [];
    await store.redis.flushall();
  });
  afterEach(async () => {
    for (const learning of started.splice(0)) await learning.stop();
  });
  afterAll(async () => {
    await store.close();
    await redis.stop();
  });

  interface Replica {
    learner: Learner;
    learning: Learning;
    faults: unknown[];
    seen(): Record<string, number>;
    hear(count: number, type?: string, swarmClass?: string): void;
  }

  async function replica(over = store): Promise<Replica> {
    const learner = new Learner({ ...LEARNER_DEFAULTS, halfLifeMs: HOUR, isOff: () => false });
    const faults: unknown[] = [];
    const learning = new Learning({
      ...{ learner, clock, halfLifeMs: HOUR, store: redisLearningStore(over) },
      announce: (change) => void told.push(change),
      onFault: (error) => void faults.push(error),
    });
    await learning.start();
    started.push(learning);
    return {
      ...{ learner, learning, faults },
      seen: () =>
        Object.fromEntries(learner.list().map((pair) => [`${pair.type} ${pair.swarmClass}`, pair.seen])),
      hear: (count, type = 'build', swarmClass = 'gpu llm $2') => {
        const where = { namespace: 'default', type, swarmClass };
        for (let done = 0; done < count; done += 1)
          learner.observe(
            { ...where, outcome: 'succeeded', durationMs: 100, costPerSlotHour: 2 },
            clock.now(),
          );
      },
    };
  }

  test('what was learned survives a restart, as it was', async () => {
    const before = await replica();
    before.hear(40);
    await before.learning.save();
    const after = await replica();
    expect(after.seen()).toEqual({ 'build gpu llm $2': 40 });
    const [was, is] = [before, after].map(({ learner }) => learner.estimate('build', 'gpu llm $2'));
    expect(is).toEqual(was);
  });

  test('replicas that heard the same add nothing up, and one that missed something takes it over', async () => {
    const [one, two] = [await replica(), await replica()];
    one.hear(10);
    two.hear(7);
    for (const each of [two, one, two]) await each.learning.save();
    await one.learning.refresh();
    await two.learning.refresh();
    expect([one.seen(), two.seen()]).toEqual([{ 'build gpu llm $2': 10 }, { 'build gpu llm $2': 10 }]);
  });

  test('a reset reaches those that were told and those that were not, and nothing from before it is kept', async () => {
    const [one, two] = [await replica(), await replica()];
    for (const each of [one, two]) {
      for (const type of ['build', 'test'])
        for (const swarmClass of ['a', 'b c']) each.hear(5, type, swarmClass);
    }
    await one.learning.save();
    const page = await one.learning.reset({ ...who, type: 'build', swarmClass: 'b c' });
    expect(page.commands[0]).toMatchObject({ ...who, kind: 'reset', revision: 1, swarmClass: 'b c' });
    expect(told).toEqual([{ v: 1, revision: 1 }]);
    const left = { 'build a': 5, 'test a': 5, 'test b c': 5 };
    expect(one.seen()).toEqual(left);
    // It has not heard of it, and would keep what it knows.
    await two.learning.save();
    expect(two.seen()).toEqual(left);
    expect((await store.redis.hkeys(keys.learned())).sort()).toEqual(Object.keys(left));
    await one.learning.reset({ ...who, swarmClass: 'a' });
    two.learning.observe({ v: 1, revision: 2 });
    await two.learning.save();
    expect(two.seen()).toEqual({ 'test b c': 5 });
    await one.learning.reset(who);
    expect(await store.redis.hlen(keys.learned())).toBe(0);
    expect((await replica()).seen()).toEqual({});
  });

  test('who has missed more commands than are kept forgets everything and takes over what is kept', async () => {
    const [one, two] = [await replica(), await replica()];
    two.hear(5);
    for (let count = 0; count < 101; count += 1) await one.learning.reset({ ...who, type: 'other' });
    await two.learning.save();
    expect(two.seen()).toEqual({});
    expect(one.learning.list({ limit: 1 }).commands).toHaveLength(100);
  });

  test('frozen, nobody learns, and nothing fades; a second freeze changes nothing', async () => {
    const [one, two] = [await replica(), await replica()];
    one.hear(8);
    await one.learning.save();
    await two.learning.refresh();
    const page = await one.learning.freeze(who);
    expect(page.frozen).toMatchObject({ ...who, kind: 'freeze' });
    await two.learning.freeze({ ...who, reason: 'again' });
    expect(told).toHaveLength(1);
    for (const each of [one, two]) {
      each.hear(5);
      each.learner.advance(clock.now() + HOUR);
      expect(each.learner.estimate('build', 'gpu llm $2')?.samples).toBeCloseTo(8);
    }
    expect((await two.learning.unfreeze(who)).frozen).toBeUndefined();
    await one.learning.save();
    one.hear(1);
    expect(one.seen()).toEqual({ 'build gpu llm $2': 9 });
  });

  test('what others have put there is left alone', async () => {
    const field = 'build gpu';
    await store.redis.hset(
      keys.learned(),
      field,
      '7 {"asOfMs":"soon"}',
      'no-class',
      '1 {}',
      'x y',
      'nonsense',
    );
    const one = await replica();
    expect(one.seen()).toEqual({});
    expect(one.faults).toEqual([]);
  });

  test('without Redis it learns on, and keeps it later', async () => {
    const other = await startRedis();
    const lost = await Store.connect({ url: other.url, name: 'test', onFault: () => undefined });
    const one = await replica(lost);
    await other.stop();
    one.hear(3);
    await one.learning.save();
    expect(one.faults.length).toBeGreaterThan(0);
    expect(one.seen()).toEqual({ 'build gpu llm $2': 3 });
    await expect(one.learning.reset(who)).rejects.toMatchObject({ code: 'store-unavailable' });
    started.splice(0);
    await one.learning.stop();
    await lost.close();
  });
});

describe('as a service', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  test('a namespace that has it turned off teaches nothing', async () => {
    const store = await Store.connect({ url: world.redis.url, name: 'test' });
    const settings = '{"revision":1,"settings":{"routing":{"learning":false}}}';
    await store.redis.hset(keys.namespaces(), 'private', settings);
    await store.close();
    const { app } = await world.replica();
    const swarmId = 'own';
    world.bus.publish(subjects.swarmHeartbeat(swarmId), heartbeat({ swarmId }));
    await eventually(async () => (await request(app).get('/v1/endpoints/own')).status === 200);
    const attempt = { reservationId: '', swarmId, attempt: 1, outcome: 'succeeded', durationMs: 5 };
    const outcomes = ['private', 'shop'].map((namespace) => ({
      ...{ ...attempt, namespace, taskId: namespace, type: `of-${namespace}` },
    }));
    world.bus.publish(subjects.lbReport(), { v: 1, outcomes });
    const types = async (): Promise<string[]> => {
      const { items } = LearningPage.parse((await request(app).get('/v1/learning')).body);
      return items.map(({ type }) => type);
    };
    await eventually(async () => (await types()).length > 0);
    expect(await types()).toEqual(['of-shop']);
  });

  test('every replica learns from what ended, can be asked, and is told by any of them', async () => {
    const [one, two] = [await world.replica(), await world.replica()];
    for (const swarmId of ['a', 'b'])
      world.bus.publish(
        subjects.swarmHeartbeat(swarmId),
        heartbeat({ swarmId, labels: { class: `class-${swarmId}` } }),
      );
    const report: LbReport = {
      v: 1,
      outcomes: ['a', 'a', 'b'].map((swarmId, at) => ({
        ...{ reservationId: '', swarmId, taskId: `t${at}`, attempt: 1, outcome: 'succeeded' },
        ...{ type: 'build', namespace: 'shop', durationMs: 250 },
      })),
    };
    const known = async ({ app }: typeof one): Promise<number> =>
      ((await request(app).get('/v1/endpoints')).body as { items: unknown[] }).items.length;
    await eventually(async () => (await known(one)) + (await known(two)) === 4);
    world.bus.publish(subjects.lbReport(), report);
    const seen = async ({ app }: typeof one): Promise<number[]> => {
      const page = LearningPage.parse((await request(app).get('/v1/learning?type=build')).body);
      return page.items.map((pair) => pair.seen);
    };
    await eventually(async () => String([await seen(one), await seen(two)]) === '2,1,2,1');
    const first = await request(one.app).get('/v1/learning?limit=1');
    const { items, next } = LearningPage.parse(first.body);
    expect(items[0]).toMatchObject({ swarmClass: 'class-a', successes: expect.closeTo(2) as number });
    expect(items[0]?.durations?.p50Ms).toBeCloseTo(250, -2);
    const rest = await request(one.app).get('/v1/learning').query({ cursor: next });
    expect(LearningPage.parse(rest.body).items.map(({ swarmClass }) => swarmClass)).toEqual(['class-b']);

    const reset = await request(two.app)
      .post('/v1/learning/reset')
      .send({ swarmClass: 'class-a', reason: 'new' });
    expect(LearningPage.parse(reset.body).commands[0]?.requestedBy).toMatch(/^http:/);
    await eventually(async () => String(await seen(one)) === '1');
    const frozen = await world.bus.request(
      subjects.lbLearning('freeze'),
      { reason: 'test' },
      { reply: LearningPage },
    );
    expect(frozen.frozen?.requestedBy).toBe('nats');
    const refused = await request(one.app).post('/v1/learning/freeze').send({ requestedBy: 'ada' });
    expect(refused.status).toBe(400);
  });
});
