import { StreamPosition, TaskLogsQuery } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { pass } from '@multiswarm/testing';
import { openingOf, type Opening } from './incarnation';

/** 2026-11-01, epoch seconds. */
const NOVEMBER = 1_793_491_200;

interface Life extends Opening {
  since?: number;
  isAskedFor?: boolean;
}

/** The opening of an owner of a shard that has this in Redis, and of which the event stream has commits up to a number. */
async function opened(life: Life, epoch: number, published?: number): Promise<Opening & { begun: number }> {
  let begun = 0;
  const { batchSeq, attemptBase, since, isAskedFor = false } = life;
  const lastEvents = published === undefined ? undefined : { epoch: 1, batchSeq: published };
  const opening = await openingOf(
    3,
    { epoch, batchSeq },
    {
      incarnations: {
        of: () => Promise.resolve({ attemptBase, since, isAskedFor }),
        begin: () => Promise.resolve(++begun > 0),
        doubt: () => Promise.reject(new Error('there is none')),
        askFor: () => Promise.resolve(),
      },
      lastEvents: () => Promise.resolve(lastEvents),
      clock: new ManualClock(),
      logger: createLogger({ service: 'orchestrator', level: 'silent' }),
    },
  );
  return { ...opening, begun };
}

test('a shard that is as the event stream has seen it goes on as it was', async () => {
  expect(await opened({ batchSeq: 7, attemptBase: 5 }, NOVEMBER, 7)).toEqual({
    ...{ batchSeq: 7, attemptBase: 5, begun: 0 },
  });
});

test.each([
  { batchSeq: 7, attemptBase: 0 },
  { batchSeq: 7, attemptBase: 1_000_000 },
  { batchSeq: 7, attemptBase: 27_000_000, since: NOVEMBER - 60 },
])('a backup (%j) that is restored twice begins with another, larger base each time', async (backup) => {
  const first = await opened(backup, NOVEMBER, 9);
  const second = await opened(backup, NOVEMBER + 300, 9);
  expect([first.begun, second.begun]).toEqual([1, 1]);
  expect(first.attemptBase).toBeGreaterThan(backup.attemptBase + 1_000_000);
  expect(second.attemptBase).toBe(first.attemptBase + 300);
});

test('a new incarnation that is asked for has a larger base, also where the clock is behind the one before', async () => {
  const life = { batchSeq: 7, attemptBase: 40_000_000, since: NOVEMBER, isAskedFor: true };
  for (const epoch of [1, NOVEMBER]) {
    const next = await opened(life, epoch, 7);
    expect(next).toMatchObject({ begun: 1, attemptBase: 41_000_000 });
    expect(next.batchSeq).toBeGreaterThan(7);
  }
});

test('in twenty years a base is still a number that a reader can name, alone and in a position', async () => {
  const { attemptBase } = await opened({ batchSeq: 7, attemptBase: 0 }, NOVEMBER + 20 * 366 * 86_400, 9);
  expect(StreamPosition.safeParse(`${attemptBase + 1}-1-1`).success).toBe(true);
  expect(TaskLogsQuery.safeParse({ id: 't0-00000001', attempt: attemptBase + 1 }).success).toBe(true);
});

test.each([
  ['says nothing for a second', () => new Promise<undefined>(() => undefined)],
  ['fails', () => Promise.reject(new Error('no leader'))],
])('where the stream %s the shard goes on as it was, and the doubt is noted', async (_how, lastEvents) => {
  const clock = new ManualClock();
  const doubts: [shard: number, epoch: number][] = [];
  const opening = openingOf(
    3,
    { epoch: NOVEMBER, batchSeq: 7 },
    {
      incarnations: {
        of: () => Promise.resolve({ attemptBase: 0, since: undefined, isAskedFor: false }),
        begin: () => Promise.reject(new Error('nothing shows that it was set back')),
        doubt: (shard, epoch) => Promise.resolve(void doubts.push([shard, epoch])),
        askFor: () => Promise.resolve(),
      },
      ...{ lastEvents, clock, logger: createLogger({ service: 'orchestrator', level: 'silent' }) },
    },
  );
  await pass(clock, 1_000);
  expect(await opening).toEqual({ batchSeq: 7, attemptBase: 0 });
  expect(doubts).toEqual([[3, NOVEMBER]]);
});
