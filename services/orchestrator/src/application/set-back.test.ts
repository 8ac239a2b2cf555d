import { ManualClock } from '@multiswarm/core';
import { whySetBack } from './set-back';

const GRACE_MS = 1_000;
const clock = new ManualClock();

/** Of two shards, the second of which is as told. */
function why(
  setBackMsAgo: number | undefined,
  batchSeq: number,
  lastPublished: () => Promise<number | undefined>,
): Promise<string | undefined> {
  const setBackAt = setBackMsAgo === undefined ? undefined : clock.now() - setBackMsAgo;
  const whole = { setBackAt: undefined, batchSeq: 7 };
  return whySetBack({
    ...{ shards: 2, clock, graceMs: GRACE_MS },
    index: { standing: (shard) => Promise.resolve(shard === 1 ? { setBackAt, batchSeq } : whole) },
    lastPublished: (shard) => (shard === 1 ? lastPublished() : Promise.resolve(7)),
  });
}
const published = (batchSeq: number | undefined) => () => Promise.resolve(batchSeq);

test.each([
  ['never', undefined, 7, 7],
  ['never, and has commits that are not published yet', undefined, 9, 7],
  ['never, and has no events that are kept', undefined, 7, undefined],
  ['longer ago than the grace time', GRACE_MS, 1_000_000_007, 9],
])('a shard that was set back %s gives no reason to wait', async (_when, setBackMsAgo, batchSeq, last) => {
  expect(await why(setBackMsAgo, batchSeq, published(last))).toBeUndefined();
});

test.each([
  ['was found set back within the grace time', GRACE_MS - 1, 7, published(7), 'shard 1 was found set back'],
  ['nobody has taken', -Infinity, 0, published(undefined), 'no orchestrator has taken shard 1'],
  ['has fewer commits than were published', undefined, 7, published(8), 'commit 8 was published'],
  [
    ...(['cannot be asked for in the event stream', undefined, 7] as const),
    () => Promise.reject(new Error('no leader')),
    'the event stream does not say',
  ],
] as const)('a shard that %s may have been set back', async (_how, setBackMsAgo, batchSeq, last, told) => {
  expect(await why(setBackMsAgo, batchSeq, last)).toContain(told);
});
