import { Agent } from 'node:http';
import { EventPage, subjects } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { ask, endOf, EventReader } from './support/event-reader';
import { World, type Answer, type Replica } from './support/world';

let world: World;
let one: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
  await world.swarm('a');
});

afterAll(() => world.stop());

const Reader = {
  open: (query?: string, lastEventId?: string) => EventReader.open(one.url, query, lastEventId),
};

function delayUntilNextMillisecond(): Promise<void> {
  const now = Date.now();
  return eventually(() => Date.now() > now).then(() => undefined);
}

async function run(): Promise<string> {
  const id = await one.submit({});
  await one.ended(id);
  return id;
}

test('a reader who loses its connection before it has heard anything misses nothing, also where the stream was empty', async () => {
  for (const query of ['', '?type=task.*', '?from=2000-01-01T00:00:00Z', '']) {
    const first = await Reader.open(query);
    await eventually(() => first.lastId !== '', { describe: 'a place to come back to' });
    await first.close();
    expect(first.events.filter(({ event }) => event !== 'gap')).toEqual([]); // one who asks for 2000 is told that it has gone
    const id = await run();
    const back = await Reader.open(query, first.lastId);
    const events = await back.until(endOf(id));
    await back.close();
    expect(events.map(({ data }) => data['seq'])).toEqual([1, 2, 3, 4, 5]);
    await world.bus.connection.request('$JS.API.STREAM.PURGE.EVENTS');
  }
});

test('what is read again from any event on is exactly what was read live', async () => {
  const live = await Reader.open();
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) ids.push(await run());
  const events = [...(await live.until((all) => ids.every((id) => endOf(id)(all))))];
  await live.close();
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  for (const from of [0, Math.floor(events.length / 2), events.length - 2]) {
    const replay = await Reader.open('', events[from]?.id);
    const expected = events.slice(from + 1);
    expect(await replay.until((all) => all.length >= expected.length)).toEqual(expected);
    await replay.close();
  }
});

test('the events of one root come in order and without a gap, whatever else happens', async () => {
  const live = await Reader.open();
  const ids = await Promise.all(Array.from({ length: 10 }, run));
  const events = await live.until((all) => ids.every((id) => endOf(id)(all)));
  for (const id of ids) {
    const seqs = events.filter(({ data }) => data['root'] === id).map(({ data }) => data['seq']);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    const history = (await one.call('GET', `/v1/tasks/${id}/events`)).body as { items: { seq: number }[] };
    expect(history.items.map(({ seq }) => seq)).toEqual(seqs);
  }
  await live.close();
});

test('a reader may ask for one root, one type, or a family of types', async () => {
  const first = await run();
  const byType = await Reader.open('?type=task.succeeded');
  const id = await run();
  // The end of the task before may arrive here too: events leave some milliseconds after the answers.
  const ends = await byType.until(endOf(id));
  expect(new Set(ends.map(({ event }) => event))).toEqual(new Set(['task.succeeded']));
  expect(ends.filter(({ data }) => data['root'] === id)).toHaveLength(1);
  await byType.close();
  const from = await Reader.open('', '1-0');
  const all = await from.until(endOf(id));
  await from.close();
  const byRoot = await Reader.open(`?root=${first}&type=task.*`, all[0]?.id);
  const events = await byRoot.until(endOf(first));
  expect(new Set(events.map(({ data }) => data['root']))).toEqual(new Set([first]));
  await byRoot.close();
});

test('what is in the stream and is no event of ours stops no reader', async () => {
  const first = await run();
  const { connection } = world.bus;
  for (const garbage of ['', '{"v":1,"events":[{', '[1]', '\u0000'])
    await connection.request('ms.v1.event.0', garbage);
  const last = await run();
  const replay = await Reader.open('', '1-0');
  const events = await replay.until(endOf(last));
  expect(endOf(first)(events)).toBe(true);
  await replay.close();
});

test('HEAD of the events says what they are, and leaves its connection free', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const head = await ask(`${one.url}/v1/events`, { method: 'HEAD', agent });
  expect([head.statusCode, head.headers['content-type']]).toEqual([200, 'text/event-stream']);
  expect((await ask(`${one.url}/health/live`, { agent })).statusCode).toBe(200);
  agent.destroy();
});

test('an id that is none of this stream is refused, and so is an unknown filter', async () => {
  const ask = (path: string, headers = {}): Promise<Answer> => one.call('GET', path, undefined, headers);
  for (const id of ['x', '1', '1-', '-1-0', '1-0 ', '9'.repeat(30) + '-0'].filter(
    (each) => each.trim() !== '1-0',
  ))
    expect(await ask('/v1/events', { 'last-event-id': id })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '/headers/last-event-id' }] },
    });
  expect(await ask('/v1/events?colour=red')).toMatchObject({
    status: 400,
    body: { code: 'invalid-request' },
  });
});

test('a filter that can let nothing through is refused with what would do, and several together let through what fits all', async () => {
  const first = await run();
  const shard = /^t(\d+)-/.exec(first)?.[1];
  const ask = async (query: string): Promise<unknown> => {
    const { status, body } = await one.call('GET', `/v1/events?follow=false&${query}`);
    return [status, (body as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer)];
  };
  expect(await ask('type=task.done&state=blocked&root=x')).toEqual([
    400,
    ['/query/root', '/query/type', '/query/state'],
  ]);
  expect(await ask('shard=999')).toEqual([400, ['/query/shard']]);
  expect(await ask('root=t999-0198c2d4e5f6')).toEqual([400, ['/query/root']]);
  expect(await ask(`root=${first}&shard=${shard === '0' ? 1 : 0}`)).toEqual([400, ['/query/shard']]);
  const asked = `?shard=${shard}&namespace=default&type=task.running,task.assigned&type=task.succeeded&state=running,succeeded`;
  const reader = await Reader.open(asked, '1-0');
  const events = await reader.until(endOf(first));
  await reader.close();
  const ofFirst = events.filter(({ data }) => data['root'] === first).map(({ event }) => event);
  expect(ofFirst).toEqual(['task.running', 'task.succeeded']);
});

test('a reader who does not want to follow gets what there is, of the time asked for, and an end with the place to go on', async () => {
  const before = await run();
  await delayUntilNextMillisecond();
  const from = new Date().toISOString();
  const id = await run();
  const live = await Reader.open('', '1-0');
  await live.until(endOf(id));
  await live.close();
  await delayUntilNextMillisecond();
  const to = new Date().toISOString();
  const reader = await Reader.open(`?from=${from}&to=${to}&type=task.*`);
  await reader.ended();
  const [end] = reader.events.slice(-1);
  const seen = reader.events.slice(0, -1).filter(({ event }) => event !== 'gap');
  expect(seen.map(({ data }) => data['root'])).not.toContain(before);
  expect(seen.filter(({ data }) => data['root'] === id).map(({ data }) => data['seq'])).toEqual([
    1, 2, 3, 4, 5,
  ]);
  expect(end).toMatchObject({ event: 'end', data: { v: 1, events: seen.length } });
  const rest = await Reader.open('?follow=false', end?.data['position'] as string);
  await rest.ended();
  expect(rest.events.map(({ event }) => event)).toEqual(['end']);
  const nothing = await Reader.open(`?follow=false&from=2999-01-01T00:00:00Z`);
  await nothing.ended();
  expect(nothing.events).toMatchObject([{ event: 'end', data: { events: 0 } }]);
});

/** A reader until an instant before which a task ran from its beginning to its end, on however slow a machine. */
async function readerUntil(ms = 400): Promise<{ to: number; reader: EventReader; within: string }> {
  const to = Date.now() + ms;
  const reader = await Reader.open(`?to=${new Date(to).toISOString()}`);
  const within = await run();
  if (Date.now() < to) return { to, reader, within };
  await reader.close();
  return readerUntil(2 * ms);
}

test('a reader who asks until an instant that is to come follows until then, and gets an end with the place to go on', async () => {
  const { to, reader, within } = await readerUntil();
  await reader.until(endOf(within));
  await eventually(() => Date.now() > to);
  const after = await run();
  await reader.ended();
  expect(reader.events.at(-1)).toMatchObject({ event: 'end' });
  const roots = new Set(reader.events.slice(0, -1).map(({ data }) => data['root']));
  expect([roots.has(within), roots.has(after)]).toEqual([true, false]);
  const rest = await Reader.open('?follow=false', reader.events.at(-1)?.data['position'] as string);
  await rest.ended();
  expect(rest.events.map(({ event }) => event)).toEqual(['end']);
});

test('a reader of what there is gets to the end also where the last messages were removed one by one', async () => {
  const id = await run();
  const live = await Reader.open('', '1-0');
  const last = (await live.until(endOf(id))).at(-1)?.id ?? '';
  await live.close();
  await world.bus.connection.request(
    '$JS.API.STREAM.MSG.DELETE.EVENTS',
    JSON.stringify({ seq: Number(last.split('-')[0]) }),
  );
  const reader = await Reader.open('?follow=false', last.replace(/-\d+-/, '-0-'));
  await reader.ended();
  expect(reader.events.map(({ event }) => event)).toEqual(['gap', 'end']);
});

test('a task that a reader holds for is answered the moment it ends', async () => {
  await world.dismissSwarms();
  const swarm = await world.swarm('b', () => undefined);
  const id = await one.submit({});
  await one.inState(id, 'running');
  const from = performance.now();
  const waiting = one.task(id, 10_000);
  await swarm.report(id, 1, { output: 'done' });
  expect((await waiting).output).toBe('done');
  expect(performance.now() - from).toBeLessThan(900); // without news it would look again after a second
});

test('a history is read in parts, and of what is more than NATS carries at once it has to be', async () => {
  await world.dismissSwarms(); // so that nothing happens while it is read
  const STEPS = 2_500;
  const ids = Array.from({ length: STEPS }, (_, index) => `s${index}`);
  const id = await one.submitWorkflow({
    tasks: ids.map((step) => ({ id: step, type: 'echo', input: {} })),
    dependencies: Object.fromEntries(ids.slice(1).map((step) => [step, ['s0']])),
  });
  const whole = (await one.call('GET', `/v1/workflows/${id}/events`)).body as EventPage;
  expect(whole.next).toBeNull();
  expect(whole.items.length).toBeGreaterThan(STEPS);
  const inParts = async (read: (after: string) => Promise<EventPage>): Promise<EventPage['items']> => {
    const seen: EventPage['items'] = [];
    for (let after: string | null = '0'; after !== null;) {
      const { items, next }: EventPage = await read(after);
      seen.push(...items);
      after = next;
    }
    return seen;
  };
  let parts = 0;
  const overNats = await inParts((after) => {
    parts += 1;
    return world.bus.request(subjects.workflow('events'), { id, after }, { reply: EventPage });
  });
  expect(overNats).toEqual(whole.items);
  expect(parts).toBeGreaterThan(1);
  const path = `/v1/workflows/${id}/events?limit=500`;
  const overHttp = await inParts(
    async (after) => (await one.call('GET', `${path}&after=${after}`)).body as EventPage,
  );
  expect(overHttp).toEqual(whole.items);
  const beyond = await one.call('GET', `/v1/workflows/${id}/events?after=1000000`);
  expect([beyond.status, beyond.body]).toEqual([200, { items: [], next: null }]);
  expect((await one.call('GET', `/v1/workflows/${id}/events?limit=501`)).status).toBe(400);
  expect((await one.call('GET', `/v1/workflows/w0-0198c2d4e5f6/events?after=5`)).status).toBe(404);
});

test('whatever characters somebody gives as a reason, the event and the history have them', async () => {
  await world.dismissSwarms();
  const reason = 'half a pair \ud800, \u0000, \u2028, "quotes"\r\ndata: no event';
  const live = await Reader.open('?type=task.paused');
  const id = await one.submit({});
  await one.call('POST', `/v1/tasks/${id}/pause`, { reason });
  const [paused] = await live.until((events) => events.length > 0);
  await live.close();
  expect(paused?.data['data']).toMatchObject({ reason });
  const history = (await one.call('GET', `/v1/tasks/${id}/events`)).body as EventPage;
  expect(history.items.at(-1)?.data).toMatchObject({ reason });
});
