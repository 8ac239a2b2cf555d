import type { Description } from '@multiswarm/bus';
import { sweepPayloads, type PayloadSweepParts } from './payload-sweep';

const NOW = 10_000_000;
const GRACE_MS = 1_000_000;
const OLD = NOW - GRACE_MS - 1;
const YOUNG = NOW - GRACE_MS;

function payload(id: string, claimedAt: number, deleted = false): Description {
  return { id, upload: `of-${id}`, claimedAt, deleted, seq: 1, bytes: 1, parts: 1 };
}

/** @returns what was removed, in its order */
async function sweep(
  stored: Description[],
  given: { noted?: string[]; loose?: Record<string, number>; claimed?: string[] } = {},
): Promise<string[]> {
  const { noted = [], loose = {}, claimed = [] } = given;
  const removed: string[] = [];
  const stock: PayloadSweepParts['stock'] = {
    descriptions: async function* () {
      yield* await Promise.resolve(stored);
    },
    parts: () =>
      Promise.resolve(
        new Map([...stored.map(({ upload }) => upload), ...Object.keys(loose)].map((id) => [id, 1])),
      ),
    lastPartAt: (upload) => Promise.resolve(loose[upload]),
    remove: ({ id }) => Promise.resolve(!claimed.includes(id) && removed.push(id) > 0),
    removeUpload: (upload) => Promise.resolve(void removed.push(upload)),
  };
  const isNoted = (id: string): Promise<boolean> => Promise.resolve(noted.includes(id));
  const swept = await sweepPayloads({ stock, isNoted, now: NOW, graceMs: GRACE_MS });
  expect(swept.payloads + swept.uploads).toBe(removed.length);
  return removed;
}

test('what is old and in no message goes; what is young, noted or was claimed meanwhile stays', async () => {
  const stored = [
    payload('old', OLD),
    payload('young', YOUNG),
    payload('noted', OLD),
    payload('claimed', OLD),
  ];
  expect(await sweep(stored, { noted: ['noted'], claimed: ['claimed'] })).toEqual(['old']);
});

test('what a crash has left of a removal goes at once, and parts without a description when they are old', async () => {
  const loose = { broken: OLD, 'under-way': YOUNG };
  expect(await sweep([payload('left', NOW, true)], { loose })).toEqual(['left', 'broken']);
});

test('where it is not known what is noted, nothing goes', async () => {
  const stock = {
    descriptions: () => [payload('old', OLD)],
    remove: () => Promise.reject(new Error('never')),
  };
  const isNoted = (): Promise<boolean> => Promise.reject(new Error('JetStream does not answer'));
  const parts = { stock, isNoted, now: NOW, graceMs: GRACE_MS } as unknown as PayloadSweepParts; // no more is called
  await expect(sweepPayloads(parts)).rejects.toThrow('JetStream does not answer');
});
