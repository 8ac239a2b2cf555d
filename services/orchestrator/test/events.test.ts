import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { eventually } from '@multiswarm/testing';
import { World, type Answer, type Replica } from './support/world';

let world: World;
let one: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
  await world.swarm('a');
});

afterAll(() => world.stop());

interface Sent {
  id: string;
  event: string;
  data: Record<string, unknown>;
}

/** A reader of `GET /v1/events`, as `EventSource` is one. */
class Reader {
  readonly events: Sent[] = [];
  private readonly abort = new AbortController();
  private ending: Promise<void> = Promise.resolve();

  static async open(query = '', lastEventId?: string): Promise<Reader> {
    const reader = new Reader();
    const response = await fetch(`${one.url}/v1/events${query}`, {
      signal: reader.abort.signal,
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    reader.ending = reader.read(response.body as ReadableStream<Uint8Array>).catch(() => undefined);
    return reader;
  }

  async until(enough: (events: Sent[]) => boolean): Promise<Sent[]> {
    await eventually(() => enough(this.events), {
      describe: () => `enough events, got ${JSON.stringify(this.events.map(({ id, event }) => [id, event]))}`,
    });
    return this.events;
  }

  close(): Promise<void> {
    this.abort.abort();
    return this.ending;
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) this.take(part);
    }
  }

  private take(part: string): void {
    const fields = new Map(
      part
        .split('\n')
        .filter((line) => !line.startsWith(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const),
    );
    const data = fields.get('data');
    if (data === undefined) return;
    this.events.push({
      id: fields.get('id') ?? '',
      event: fields.get('event') ?? '',
      data: JSON.parse(data) as Record<string, unknown>,
    });
  }
}

const endOf = (id: string) => (events: Sent[]) =>
  events.some(({ event, data }) => event === 'task.succeeded' && data['root'] === id);

async function run(): Promise<string> {
  const id = await one.submit({});
  await one.ended(id);
  return id;
}

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

function ask(url: string, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => resolve(response.resume()));
    sent.once('error', reject);
    sent.end();
  });
}

test('a range that the stream has dropped is told as a gap, before the rest', async () => {
  const live = await Reader.open();
  const first = await run();
  const lastId = (await live.until(endOf(first)))[0]?.id ?? '';
  await run();
  await live.until((all) => all.length > 5);
  await live.close();
  await world.bus.connection.request('$JS.API.STREAM.PURGE.EVENTS');
  const after = await run();
  const replay = await Reader.open('', lastId);
  const events = await replay.until(endOf(after));
  const [gap] = events;
  expect(gap?.event).toBe('gap');
  expect(gap?.data['from']).toBe(Number(lastId.split('-')[0]) + 1);
  const next = events[1]?.id.split('-')[0];
  expect(gap?.data['to']).toBe(Number(next) - 1);
  expect(events.filter(({ event }) => event === 'gap')).toHaveLength(1);
  await replay.close();
});

test('an id beyond the end of the stream is told as a gap, and what happens from now on follows', async () => {
  const reader = await Reader.open('', '999999999-0');
  await reader.until((all) => all.some(({ event }) => event === 'gap'));
  const id = await run();
  const events = await reader.until(endOf(id));
  expect(events[0]).toMatchObject({ event: 'gap', data: { from: 1_000_000_000, to: null } });
  await reader.close();
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
