import { MultiswarmError } from '@multiswarm/contracts';
import { z } from 'zod';
import type { SimProcess } from './process';
import { World } from './world';

const FOREVER = 60_000;
const Text = z.object({ text: z.string() });

function worldOf(seed = 1): World & { faults: string[] } {
  const faults: string[] = [];
  const world = new World({
    seed,
    tap: { sent: () => undefined, received: () => undefined, replied: () => undefined },
    onFault: (process, what, error) => faults.push(`${process} ${what} ${String(error)}`),
  });
  return Object.assign(world, { faults });
}

function processOf(world: World, name: string, site = 'centre'): SimProcess {
  return world.process({ name, site, skewMs: 0 });
}

/** The outcome of a promise, once the world has run until nothing is left. */
async function settle<T>(world: World, promise: Promise<T>, forMs = FOREVER): Promise<T | string> {
  let outcome: T | string = 'nothing';
  promise.then(
    (value) => (outcome = value),
    (error: unknown) => (outcome = error instanceof MultiswarmError ? error.code : String(error)),
  );
  await world.timeline.run(() => false, world.timeline.now + forMs);
  return outcome;
}

describe('the timeline', () => {
  test('lets every chain of promises settle between two events, however long it is', async () => {
    const world = worldOf();
    const { clock } = processOf(world, 'a');
    const seen: string[] = [];
    clock.after(10, () => {
      void (async () => {
        for (let step = 0; step < 500; step += 1) await Promise.resolve();
        seen.push('chain');
      })();
    });
    clock.after(10.001, () => seen.push('next'));
    await world.timeline.run(() => false, FOREVER);
    expect(seen).toEqual(['chain', 'next']);
  });

  test('does the same for the same seed, and something else for another', async () => {
    const hash = async (seed: number): Promise<string> => {
      const world = worldOf(seed);
      const { clock, random } = processOf(world, 'a');
      for (let timer = 0; timer < 20; timer += 1) clock.after(random.next() * 5, () => undefined);
      await world.timeline.run(() => false, FOREVER);
      return world.trace.hash;
    };
    expect(await hash(1)).toBe(await hash(1));
    expect(await hash(1)).not.toBe(await hash(2));
  });

  test('stops with an error where events go on without time passing', async () => {
    const world = worldOf();
    const again = (): void => void world.timeline.in(0, undefined, 'again', again);
    again();
    await expect(world.timeline.run(() => false, FOREVER)).rejects.toThrow('time stands still');
  });
});

describe('a process', () => {
  test('that is killed does nothing any more, and what it had sent is applied all the same', async () => {
    const world = worldOf();
    const process = processOf(world, 'a');
    const seen: string[] = [];
    process.clock.after(50, () => seen.push('timer'));
    void world.redis.call(process, 'write', () => seen.push('applied')).then(() => seen.push('answer'));
    process.kill();
    void world.redis.call(process, 'late', () => seen.push('late'));
    await world.timeline.run(() => false, FOREVER);
    expect(seen).toEqual(['applied']);
  });

  test('that is paused stands still, and afterwards does what was due, but not what it takes back then', async () => {
    const world = worldOf();
    const process = processOf(world, 'a');
    const seen: number[] = [];
    process.pause();
    const cancel = process.clock.after(20, () => seen.push(20));
    process.clock.after(10, () => {
      seen.push(process.clock.monotonic());
      cancel();
    });
    world.timeline.at(15, undefined, 'resume', () => process.resume());
    world.timeline.at(100, undefined, 'pause', () => process.pause());
    process.clock.after(110, () => seen.push(110));
    await world.timeline.run(() => false, FOREVER);
    expect(seen).toEqual([15]);
  });

  test('can be killed between two things that it sends in one turn', async () => {
    const applied = new Set<string>();
    for (let seed = 0; seed < 20; seed += 1) {
      const world = worldOf(seed);
      const process = processOf(world, 'a');
      const seen: string[] = [];
      process.arm('kill', 2);
      for (const name of ['first', 'second', 'third'])
        void world.redis.call(process, name, () => seen.push(name));
      await world.timeline.run(() => false, FOREVER);
      applied.add(seen.join());
    }
    expect([...applied].sort()).toEqual(['first', 'first,second']);
  });

  test('that is paused in the middle sends the rest when it goes on', async () => {
    const world = worldOf();
    const process = processOf(world, 'a');
    const seen: string[] = [];
    process.arm('pause', 1, () => world.timeline.in(500, undefined, 'resume', () => process.resume()));
    for (const name of ['first', 'second'])
      void world.redis.call(process, name, () => seen.push(`${name} ${world.timeline.now > 500}`));
    await world.timeline.run(() => false, FOREVER);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe('second true');
  });
});

describe('the bus', () => {
  const echo = async ({ text }: { text: string }): Promise<unknown> => ({ text: `${text}!` });

  test('brings a request to one of a queue group, and its reply back, as JSON', async () => {
    const world = worldOf();
    const [server, other, client] = ['a', 'b', 'c'].map((name) => world.bus(processOf(world, name)));
    const asked: string[] = [];
    for (const [name, bus] of Object.entries({ server, other }))
      bus!.respond('ms.v1.echo', { queue: 'q', request: Text }, (body) => {
        asked.push(name);
        return echo(body);
      });
    const replies = [];
    for (let count = 0; count < 20; count += 1)
      replies.push(
        await settle(world, client!.request('ms.v1.echo', { text: 'x', when: new Date(0) }, { reply: Text })),
      );
    expect(replies).toEqual(Array(20).fill({ text: 'x!' }));
    expect(new Set(asked)).toEqual(new Set(['server', 'other']));
    expect(asked).toHaveLength(20);
  });

  test('ends every request: nobody there, no answer, an error, a malformed request', async () => {
    const world = worldOf();
    const server = world.bus(processOf(world, 'a'));
    const client = world.bus(processOf(world, 'c'));
    const ask = (subject: string, body: unknown = { text: 'x' }): Promise<unknown> =>
      settle(world, client.request(subject, body, { reply: Text, timeoutMs: 300 }));
    server.respond('silent', { request: Text }, () => new Promise(() => undefined));
    server.respond('refuses', { request: Text }, async () => {
      throw new MultiswarmError('task-not-found', 'there is none');
    });
    server.respond('breaks', { request: Text }, async () => {
      throw new TypeError('a bug');
    });
    server.respond('wrong', { request: Text }, async () => 7);
    expect(await ask('nobody')).toBe('bus-unavailable');
    expect(await ask('silent')).toBe('timeout');
    expect(await ask('refuses')).toBe('task-not-found');
    expect(await ask('refuses', { text: 7 })).toBe('invalid-request');
    expect(await ask('wrong')).toBe('internal');
    expect(world.faults).toEqual([]);
    expect(await ask('breaks')).toBe('internal');
    expect(world.faults).toEqual(['a breaks TypeError: a bug']);
  });

  test('knows the wildcards of NATS, and hears nothing any more after stop', async () => {
    const world = worldOf();
    const bus = world.bus(processOf(world, 'a'));
    const heard: string[] = [];
    const listening = ['a.*.c', 'a.>', 'a.b', '*.b.c'].map((pattern) =>
      bus.subscribe(pattern, { schema: z.unknown() }, (_body, { subject }) => {
        heard.push(`${pattern} ${subject}`);
      }),
    );
    for (const subject of ['a.b.c', 'a.b', 'a']) bus.publish(subject, {});
    await world.timeline.run(() => false, FOREVER);
    expect(heard.sort()).toEqual(['*.b.c a.b.c', 'a.*.c a.b.c', 'a.> a.b', 'a.> a.b.c', 'a.b a.b']);
    bus.publish('a.b', {});
    listening.forEach((each) => each.stop());
    await world.timeline.run(() => false, FOREVER);
    expect(heard).toHaveLength(5);
  });

  test('loses, repeats and delays messages as the weather says', async () => {
    const world = worldOf();
    const server = world.bus(processOf(world, 'a'));
    const client = world.bus(processOf(world, 'c'));
    const order: number[] = [];
    server.subscribe('n', { schema: z.number() }, (n) => order.push(n));
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    const heard = async (weather: Partial<typeof world.nats.weather>): Promise<number[]> => {
      world.nats.weather = { slowShare: 0, slowMs: 0, dropShare: 0, duplicateShare: 0, ...weather };
      order.length = 0;
      for (const n of numbers) client.publish('n', n);
      await world.timeline.run(() => false, world.timeline.now + 5_000);
      return [...order];
    };
    expect((await heard({ dropShare: 0.5 })).length).toBeLessThan(40);
    expect((await heard({ duplicateShare: 1 })).length).toBe(100);
    const slow = await heard({ slowShare: 0.3, slowMs: 100 });
    expect(slow).not.toEqual(numbers);
    expect(slow.sort((a, b) => a - b)).toEqual(numbers);
  });

  test('in an outage fails what waits, refuses what is sent, and tells of both ends', async () => {
    const world = worldOf();
    const server = world.bus(processOf(world, 'a'));
    const client = world.bus(processOf(world, 'c'));
    const heard: string[] = [];
    client.onDisconnect(() => heard.push('lost'));
    client.onReconnect(() => heard.push('back'));
    server.respond('echo', { request: Text }, () => new Promise(() => undefined));
    const waiting = client.request('echo', { text: 'x' }, { reply: Text, timeoutMs: 30_000 });
    world.timeline.at(100, undefined, 'outage', () => world.nats.stop());
    expect(await settle(world, waiting, 1_000)).toBe('bus-unavailable');
    expect(client.connected).toBe(false);
    expect(() => client.publish('echo', {})).toThrow('not connected');
    expect(await settle(world, client.request('echo', { text: 'x' }, { reply: Text }), 10)).toBe(
      'bus-unavailable',
    );
    server.respond('again', { request: Text }, echo);
    world.nats.start();
    await settle(world, Promise.resolve(), 1_000);
    expect(heard).toEqual(['lost', 'back']);
    const request = client.request('again', { text: 'x' }, { reply: Text });
    expect(await settle(world, request)).toEqual({ text: 'x!' });
  });

  test('does not reach beyond a cut: at first it is silent, then it is known that nobody is there', async () => {
    const world = worldOf();
    const server = world.bus(processOf(world, 'a', 'east'));
    const near = world.bus(processOf(world, 'b', 'east'));
    const far = world.bus(processOf(world, 'c'));
    server.respond('echo', { request: Text }, echo);
    const ask = (from: typeof near): Promise<unknown> =>
      settle(world, from.request('echo', { text: 'x' }, { reply: Text, timeoutMs: 3_000 }));
    world.geography.cut('east');
    expect(await ask(far)).toBe('timeout');
    expect(await ask(far)).toBe('bus-unavailable');
    expect(await ask(near)).toEqual({ text: 'x!' });
    world.geography.heal('east');
    expect(await ask(far)).toEqual({ text: 'x!' });
  });

  test('stores what is published to the stream once for each id, and in order', async () => {
    const world = worldOf();
    world.nats.weather = { slowShare: 0.5, slowMs: 50, dropShare: 0, duplicateShare: 0 };
    const bus = world.bus(processOf(world, 'a'));
    const sent = [1, 2, 3, 4, 5, 3].map((n) => bus.publishStored('event.1', { n }, { messageId: `1.${n}` }));
    const answers = await settle(world, Promise.all(sent));
    expect(answers).toMatchObject([1, 2, 3, 4, 5, 3].map((seq) => ({ seq })));
    expect(world.nats.log.messages.map(({ text }) => text)).toEqual(
      [1, 2, 3, 4, 5].map((n) => JSON.stringify({ n })),
    );
  });
});

describe('the store', () => {
  test('applies calls of one client in order, and may lose the answer of what it has applied', async () => {
    const world = worldOf();
    world.redis.weather = { answerLostShare: 0.5, slowShare: 0.3, slowMs: 100 };
    const process = processOf(world, 'a');
    const applied: number[] = [];
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const calls = numbers.map((n) =>
      world.redis.call(process, String(n), () => applied.push(n)).catch(() => 'lost'),
    );
    const answers = await settle(world, Promise.all(calls));
    expect(applied).toEqual(numbers);
    expect(answers).toContain('lost');
  });

  test('gives a lease to one at a time, with an epoch that only grows', async () => {
    const world = worldOf();
    const [a, b] = ['a', 'b'].map((name) => world.leasesOf(processOf(world, name)));
    const take = (leases: typeof a, owner: string): Promise<unknown> =>
      settle(world, leases!.acquire('k', owner, 1_000), 100);
    expect(await take(a, 'a')).toMatchObject({ held: true, epoch: 1 });
    expect(await take(b, 'b')).toMatchObject({ held: false, epoch: 1, owner: 'a' });
    expect(await settle(world, a!.renew('k', 1, 500), 600)).toBe(true);
    expect(await take(b, 'b')).toMatchObject({ held: true, epoch: 2 });
    expect(await settle(world, a!.renew('k', 1, 500), 10)).toBe(false);
    expect(await settle(world, a!.release('k', 1), 10)).toBe(false);
    expect(await settle(world, b!.release('k', 2), 10)).toBe(true);
    expect(await take(a, 'a')).toMatchObject({ held: true, epoch: 3 });
  });
});
