import fc from 'fast-check';
import type { Event, EventBatch, EventGap } from '@multiswarm/contracts';
import { EventFeed, parsePosition, printPosition, WHOLE_MESSAGE, type FeedItem } from './event-feed';
import { isExhausted, missingBefore, openingAt, type StreamExtent } from './event-opening';

const MADE_AT = 1_700_000_000_000;

function event(seq: number, more: Partial<Event> = {}): Event {
  const root = more.root ?? 't1-00000001';
  return { v: 1, seq, at: seq, type: 'task.progress', namespace: 'default', root, taskId: root, ...more };
}

const batch = (batchSeq: number, events: Event[], shard = 1, epoch = 1): EventBatch => ({
  ...{ v: 1, shard, epoch, batchSeq, events },
});

const always = { filter: {}, isPast: () => false };

function events(items: readonly FeedItem[]): Event[] {
  return items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));
}

function gaps(items: readonly FeedItem[]): EventGap[] {
  return items.flatMap((item) => (item.kind === 'gap' ? [item.gap] : []));
}

const extent = (firstSeq: number, lastSeq: number, createdAt = MADE_AT): StreamExtent => ({
  ...{ firstSeq, lastSeq, createdAt },
  lastAt: 1_000,
});

/** A stream: how many events each message has, from sequence 1 on. */
const streamOf = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 });

test('whoever comes back at any place of any stream, with whatever of it dropped, gets each event or a gap in its place, once', () => {
  const property = fc.property(
    streamOf,
    fc.array(fc.boolean()),
    fc.nat(),
    fc.nat(),
    (sizes, gone, at, first) => {
      let count = 0;
      const messages = sizes.map((size, index) => ({
        seq: index + 1,
        at: index + 1,
        batch: batch(
          index + 1,
          Array.from({ length: size }, () => event((count += 1))),
        ),
      }));
      const seq = (at % sizes.length) + 1;
      const after = { seq, index: (sizes[seq - 1] ?? 1) - 1 };
      const firstSeq = (first % sizes.length) + 1;
      const left = messages.filter((message) => message.seq >= firstSeq && gone[message.seq] !== true);
      const opening = openingAt(extent(firstSeq, sizes.length), after, undefined);
      const feed = new EventFeed({ ...always, after }, MADE_AT);
      feed.expectAfter(opening.expectAfter ?? 0);
      const start = 'seq' in opening.start ? opening.start.seq : 0;
      const read = left.filter((message) => message.seq >= start);
      const items = read.flatMap((message) => [...feed.take(message)]);
      const told = [...(opening.gap ? [opening.gap] : []), ...gaps(items)];
      const last = read.at(-1)?.seq ?? start - 1;
      for (const { seq: each, batch: of } of messages) {
        if (each <= seq || each > last) continue;
        const covering = told.filter(({ from, to }) => from <= each && each <= (to ?? 0)).length;
        const isLeft = left.some((message) => message.seq === each);
        expect(covering).toBe(isLeft ? 0 : 1);
        if (isLeft) expect(events(items)).toEqual(expect.arrayContaining(of.events));
      }
      const seqs = events(items).map((each) => each.seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      expect(
        seqs.every((each) => each > messages.slice(0, seq).flatMap((each) => each.batch.events).length),
      ).toBe(true);
    },
  );
  fc.assert(property, { numRuns: 500 });
});

test('a place is printed and read again, with and without the stream that it is of', () => {
  const place = fc.record(
    { seq: fc.nat(), index: fc.nat({ max: WHOLE_MESSAGE }), createdAt: fc.integer({ min: 1, max: 4e12 }) },
    { requiredKeys: ['seq', 'index'] },
  );
  fc.assert(
    fc.property(place, (position) => expect(parsePosition(printPosition(position))).toEqual(position)),
  );
  for (const id of [
    '',
    'x',
    '1',
    '1-',
    '-1-0',
    '1-0-',
    '1-0-A',
    '1-0 ',
    `${'9'.repeat(30)}-0`,
    '1-0-0123456789',
  ])
    expect(parsePosition(id)).toBeUndefined();
});

test('what the relay hands over a second time is sent once', () => {
  const feed = new EventFeed(always, MADE_AT);
  const take = (seq: number, batchSeq: number, shard: number): number =>
    events([...feed.take({ seq, at: 0, batch: batch(batchSeq, [event(1)], shard) })]).length;
  expect([take(1, 5, 1), take(2, 5, 1), take(3, 4, 1), take(4, 5, 2), take(5, 6, 1)]).toEqual([
    1, 0, 0, 1, 1,
  ]);
});

test('numbers that a later epoch gives out again are new; of an earlier one nothing is any more', () => {
  const feed = new EventFeed(always, MADE_AT);
  const take = (seq: number, batchSeq: number, epoch: number): number =>
    events([...feed.take({ seq, at: 0, batch: batch(batchSeq, [event(1)], 1, epoch) })]).length;
  expect([take(1, 9, 1), take(2, 3, 2), take(3, 3, 2), take(4, 10, 1), take(5, 4, 2)]).toEqual([
    1, 1, 0, 0, 1,
  ]);
});

test('a message that is none of ours is passed over, and leaves no gap', () => {
  const feed = new EventFeed(always, MADE_AT);
  const items = [1, 2, 3].flatMap((seq) => [
    ...feed.take({ seq, at: 0, batch: seq === 2 ? undefined : batch(seq, [event(seq)]) }),
  ]);
  expect(items.map(({ kind }) => kind)).toEqual(['event', 'event']);
});

test('events that their namespace does not keep are one gap for each stretch of them, told before what follows', () => {
  const isPast = ({ at }: Event): boolean => at < 3;
  const feed = new EventFeed({ filter: {}, isPast }, MADE_AT);
  const items = [1, 2, 3].flatMap((seq) => [...feed.take({ seq, at: seq, batch: batch(seq, [event(seq)]) })]);
  expect(items.map(({ kind }) => kind)).toEqual(['gap', 'event']);
  expect(gaps(items)).toMatchObject([{ reason: 'retention', from: 1, to: 2 }]);
  expect([...feed.tellHidden()]).toEqual([]);
});

test('what is hidden is told once, also where somebody else asks while a gap is handed over, and what is hidden meanwhile is told after it', () => {
  const feed = new EventFeed({ filter: {}, isPast: () => true }, MADE_AT);
  const take = (seq: number): FeedItem[] => [...feed.take({ seq, at: seq, batch: batch(seq, [event(seq)]) })];
  take(1);
  const telling = feed.tellHidden();
  expect(telling.next().value).toMatchObject({ gap: { from: 1, to: 1 } });
  expect([...feed.tellHidden()]).toEqual([]);
  take(2);
  expect(telling.next().done).toBe(true);
  expect(gaps([...feed.tellHidden()])).toMatchObject([{ from: 2, to: 2 }]);
});

test('what was removed with its retention is one gap with what is only hidden', () => {
  const feed = new EventFeed({ filter: {}, isPast: ({ at }) => at < 3 }, MADE_AT);
  const take = (seq: number): FeedItem[] => [
    ...feed.take({ seq, at: seq, batch: batch(seq, [event(seq)]) }, 'retention'),
  ];
  feed.expectAfter(0);
  expect([feed.isJump(1), feed.isJump(2)]).toEqual([false, true]);
  expect([...take(2), ...take(5)].map(({ kind }) => kind)).toEqual(['gap', 'event']);
  expect(gaps([...take(8)])).toMatchObject([{ reason: 'retention', from: 6, to: 7 }]);
});

test('hidden events that nobody wanted are no gap', () => {
  const feed = new EventFeed({ filter: { namespace: ['shop'] }, isPast: () => true }, MADE_AT);
  expect([...feed.take({ seq: 1, at: 1, batch: batch(1, [event(1)]) }), ...feed.tellHidden()]).toEqual([]);
});

test('of two instants the first is in, the second is out', () => {
  const feed = new EventFeed({ ...always, from: 2, to: 4 }, MADE_AT);
  const all = [1, 2, 3, 4].map((at) => event(at));
  expect(events([...feed.take({ seq: 1, at: 1, batch: batch(1, all) })]).map(({ at }) => at)).toEqual([2, 3]);
});

describe('where a reader begins', () => {
  test.each([
    ['new', undefined, { start: { seq: 11 } }],
    ['in the middle of a message', { seq: 7, index: 0 }, { start: { seq: 7 } }],
    ['behind a message', { seq: 7, index: WHOLE_MESSAGE }, { start: { seq: 8 } }],
    ['right before what is left', { seq: 4, index: 0 }, { start: { seq: 5 } }],
    [
      'before what is left',
      { seq: 2, index: 0 },
      { start: { seq: 5 }, gap: { reason: 'dropped', from: 3, to: 4 } },
    ],
    [
      'with a place beyond the end',
      { seq: 99, index: 0 },
      { start: { seq: 11 }, gap: { reason: 'stream-lost', from: 100, to: null } },
    ],
    [
      'with a place of a stream that was there before this one',
      { seq: 7, index: 0, createdAt: MADE_AT - 1 },
      { start: { seq: 5 }, gap: { reason: 'stream-lost', from: 8, to: null } },
    ],
  ])('%s', (_name, after, expected) => {
    const opening = openingAt(extent(5, 10), after, undefined);
    expect(opening).toMatchObject(expected);
    expect('gap' in opening).toBe('gap' in expected);
  });

  test('at an instant: what is there since, and a gap where older messages than the first one are gone', () => {
    expect(openingAt(extent(5, 10), undefined, 50_000)).toEqual({ start: { at: 45_000 } });
    expect(missingBefore({ seq: 5, at: 60_000 }, extent(5, 10), 50_000)).toMatchObject({
      from: 1,
      to: 4,
      before: 60_000,
    });
    expect(missingBefore({ seq: 5, at: 40_000 }, extent(5, 10), 50_000)).toBeUndefined();
    expect(missingBefore({ seq: 6, at: 60_000 }, extent(5, 10), 50_000)).toBeUndefined();
    expect(missingBefore({ seq: 1, at: 60_000 }, extent(1, 10), 50_000)).toBeUndefined();
  });

  test('of an emptied stream: all of it is gone', () => {
    const emptied = openingAt(extent(11, 10), undefined, 0);
    expect(emptied).toMatchObject({ start: { seq: 11 }, expectAfter: 10, gap: { from: 1, to: 10 } });
    expect(openingAt(extent(1, 0), undefined, 0)).toEqual({ start: { seq: 1 }, expectAfter: 0 });
  });

  test('nothing is left to read behind the end, in an empty stream, and after its last message', () => {
    const start = (after: number) => ({ start: { seq: after + 1 }, expectAfter: after });
    expect(isExhausted(start(10), extent(5, 10), 10)).toBe(true);
    expect(isExhausted(start(9), extent(5, 10), 10)).toBe(false);
    expect(isExhausted(start(0), extent(11, 10), 10)).toBe(true);
    expect(isExhausted({ start: { at: 1_001 } }, extent(5, 10), 10)).toBe(true);
    expect(isExhausted({ start: { at: 1_000 } }, extent(5, 10), 10)).toBe(false);
  });
});
