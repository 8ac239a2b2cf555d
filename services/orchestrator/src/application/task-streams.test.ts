import { LIMITS, TaskLogsQuery, type StreamItem, type TaskLogs, type TaskState } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import fc from 'fast-check';
import { bornTask, type TaskRecord } from '../domain/task/record';
import { spec } from '../../test/support/builders';
import { Ends } from './ends';
import { TaskStreams, type StreamMessage } from './task-streams';

const ID = 't0-00000001';

/** One task, its attempts, and the stream in which what they say is kept. */
class World {
  readonly clock = new ManualClock();
  readonly ends = new Ends(this.clock);
  record: TaskRecord;
  /** The attempts that the stream was asked about. */
  readonly asked: number[] = [];
  readonly messages: (StreamMessage & { attempt: number })[] = [];
  private seq = 0;
  private readonly listeners = new Set<() => void>();
  readonly streams: TaskStreams;

  constructor() {
    this.record = { ...bornTask(ID, spec(), 0, this.clock.now()), state: 'running' };
    this.begin(1);
    this.streams = new TaskStreams({
      ...{ clock: this.clock, ends: this.ends, record: () => Promise.resolve(this.record) },
      listenToEnds: () => undefined,
      messages: {
        next: (_id, attempt, seq) => {
          this.asked.push(attempt);
          return Promise.resolve(this.messages.find((each) => each.attempt === attempt && each.seq >= seq));
        },
        listen: (_id, heard) => {
          this.listeners.add(heard);
          return () => this.listeners.delete(heard);
        },
      },
    });
  }

  get listening(): number {
    return this.listeners.size;
  }

  begin(attempt: number): void {
    const { attempts } = this.record;
    const next = { attempt, swarmId: 'a', region: 'eu', assignedAt: this.clock.now(), costPerSlotHour: 0 };
    this.record = { ...this.record, attempt, attempts: [...attempts, next] };
  }

  end(state: TaskState): void {
    this.record = { ...this.record, state };
    const type = `task.${state}` as 'task.succeeded';
    this.ends.observe([{ v: 1, type, seq: 9, at: 0, namespace: 'default', root: ID, taskId: ID }]);
  }

  say(attempt: number, ...seqs: number[]): void {
    const entries = seqs.map((seq) => ({
      seq,
      at: 1,
      kind: 'log',
      level: 'info',
      message: `${attempt}.${seq}`,
    }));
    this.store(attempt, JSON.stringify({ v: 1, taskId: ID, attempt, swarmId: 'a', entries }));
  }

  store(attempt: number, text: string): void {
    this.messages.push({ attempt, seq: ++this.seq, at: this.clock.now(), text });
    for (const heard of this.listeners) heard();
  }

  page(query: Partial<TaskLogsQuery> = {}): Promise<TaskLogs> {
    return this.streams.page({ ...TaskLogsQuery.parse({ id: ID }), ...query });
  }

  /** All that a reader gets by pages of a size, from a position on. */
  async all(limit: number, after?: string): Promise<StreamItem[]> {
    const items: StreamItem[] = [];
    for (let place = after; ;) {
      const page = await this.page({ limit, after: place });
      items.push(...page.items);
      place = page.next;
      if (page.items.length === 0) return items;
    }
  }
}

const shown = (items: readonly StreamItem[]): string[] =>
  items.map(({ kind, attempt, seq, until, stale }) =>
    kind === 'gap' ? `gap ${attempt}.${seq}-${until}` : `${attempt}.${seq}${stale ? ' stale' : ''}`,
  );

test('attempts come one after the other, each in its order, whatever the size of a page', async () => {
  const world = new World();
  world.say(1, 1, 2);
  world.say(1, 3);
  world.clock.advance(10);
  world.begin(2);
  world.say(2, 1);
  for (const limit of [1, 2, 3, 100])
    expect(shown(await world.all(limit))).toEqual(['1.1', '1.2', '1.3', '2.1']);
  expect(shown((await world.page({ attempt: 2 })).items)).toEqual(['2.1']);
});

test('what is missing is told as a gap once, at the beginning too, and nothing that was lost twice', async () => {
  const world = new World();
  world.say(1, 4, 5);
  world.say(1, 5, 6);
  world.say(1, 9);
  expect(shown(await world.all(1))).toEqual(['gap 1.1-3', '1.4', '1.5', '1.6', 'gap 1.7-8', '1.9']);
});

test('a reader that comes back goes on behind what it has, also where the message of that is gone', async () => {
  const world = new World();
  world.say(1, 1, 2, 3);
  world.say(1, 4);
  const { next } = await world.page({ limit: 2 });
  expect(shown(await world.all(100, next))).toEqual(['1.3', '1.4']);
  world.messages.shift();
  expect(shown(await world.all(100, next))).toEqual(['gap 1.3-3', '1.4']);
});

test('what a stale attempt says after the next one has begun is marked', async () => {
  const world = new World();
  world.say(1, 1);
  world.clock.advance(10);
  world.begin(2);
  world.clock.advance(10);
  world.say(1, 2);
  world.say(2, 1);
  expect(shown(await world.all(100))).toEqual(['1.1', '1.2 stale', '2.1']);
});

test('a reader that waits gets what is said then, and is told of the end when all was told', async () => {
  const world = new World();
  const waiting = world.page({ waitMs: 1_000 });
  await settled();
  expect(world.listening).toBe(1);
  world.say(1, 1);
  const first = await waiting;
  expect([shown(first.items), first.ended]).toEqual([['1.1'], false]);
  const last = world.page({ waitMs: 1_000, after: first.next });
  await settled();
  world.end('succeeded');
  expect(await last).toMatchObject({ items: [], ended: true, state: 'succeeded' });
  expect(world.listening).toBe(0);
});

test('a reader that waits in vain is answered when its time is over', async () => {
  const world = new World();
  const waiting = world.page({ waitMs: 1_000 });
  await settled();
  world.clock.advance(1_000);
  expect(await waiting).toMatchObject({ items: [], ended: false, state: 'running' });
});

test('one attempt ends for its reader when the next one begins', async () => {
  const world = new World();
  world.say(1, 1);
  expect((await world.page({ attempt: 1 })).ended).toBe(false);
  world.begin(2);
  expect((await world.page({ attempt: 1 })).ended).toBe(true);
});

test('numbers that no attempt ever had are not asked about', async () => {
  const world = new World();
  world.say(1, 1);
  world.begin(1_000_001);
  world.say(1_000_001, 1);
  expect(shown((await world.page()).items)).toEqual(['1.1', '1000001.1']);
  expect(world.asked).toEqual([1, 1, 1_000_001, 1_000_001]);
});

test('a task that waits after its data was set back is read by its last attempt, and goes on with the next', async () => {
  const world = new World();
  world.say(1, 1);
  world.record = { ...world.record, state: 'queued', attempt: 1_000_000 };
  const before = await world.page();
  expect([shown(before.items), before.ended, world.asked]).toEqual([['1.1'], false, [1, 1]]);
  world.begin(1_000_001);
  world.say(1_000_001, 1);
  expect(shown(await world.all(100, before.next))).toEqual(['1000001.1']);
});

test('a task without an attempt begins with the number that its first one will have', async () => {
  const world = new World();
  world.record = { ...world.record, state: 'queued', attempt: 1_000_000, attempts: [] };
  const before = await world.page();
  expect([before.next, world.asked]).toEqual(['1000001-0-0', [1_000_001]]);
  world.begin(1_000_001);
  world.say(1_000_001, 1);
  expect(shown(await world.all(100, before.next))).toEqual(['1000001.1']);
});

test('nothing more is asked for a reader that has left', async () => {
  const world = new World();
  world.say(1, 1);
  world.begin(2);
  world.say(2, 1);
  const left = await world.streams.page(TaskLogsQuery.parse({ id: ID }), AbortSignal.abort());
  expect([left.items, left.ended, world.asked]).toEqual([[], false, []]);
});

test.each(['no JSON', '{}', '{"v":1,"entries":"x"}', '[]'])(
  'a message that is none of ours (%s) stops no reader',
  async (text) => {
    const world = new World();
    world.say(1, 1);
    world.store(1, text);
    world.say(1, 2);
    expect(shown(await world.all(1))).toEqual(['1.1', '1.2']);
  },
);

test('an answer has a limit in bytes', async () => {
  const world = new World();
  const message = 'x'.repeat(LIMITS.STREAM_ENTRY_BYTES - 200);
  for (let seq = 1; seq <= 100; seq++) {
    const entries = [{ seq, at: 1, kind: 'log', level: 'info', message }];
    world.store(1, JSON.stringify({ v: 1, taskId: ID, attempt: 1, swarmId: 'a', entries }));
  }
  const page = await world.page({ limit: 500 });
  expect(JSON.stringify(page).length).toBeLessThan(LIMITS.STREAM_PAGE_BYTES + LIMITS.STREAM_MESSAGE_BYTES);
  expect(await world.all(500)).toHaveLength(100);
});

test('whatever is lost and however it is read, entries come once and in order, and gaps tell all that is missing', async () => {
  const cuts = fc.array(fc.record({ entries: fc.integer({ min: 1, max: 4 }), lost: fc.boolean() }), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(cuts, fc.integer({ min: 1, max: 5 }), async (messages, limit) => {
      const world = new World();
      let seq = 0;
      for (const { entries, lost } of messages) {
        const seqs = Array.from({ length: entries }, () => ++seq);
        if (!lost) world.say(1, ...seqs);
      }
      let last = 0;
      for (const item of await world.all(limit)) {
        expect(item.seq).toBe(last + 1);
        last = item.kind === 'gap' ? (item.until ?? 0) : item.seq;
      }
    }),
  );
});

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
