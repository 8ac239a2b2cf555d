import { ManualClock } from '@multiswarm/core';
import type { Description } from '../payload-ports';
import { PayloadInspection } from './payload-check';
import { LEAST_SWEEP_MS } from './payload-sweeper';

const GRACE_MS = 1_000;

test('a repair removes only uploads that a second list has not described either', async () => {
  const clock = new ManualClock();
  const at = clock.now();
  clock.advance(2 * GRACE_MS);
  const used: Description = {
    ...{ id: 'used', upload: 'of-used', bytes: 1, parts: 1, deleted: false, claimedAt: at, seq: 1 },
  };
  const left = new Set(['of-used', 'broken-off']);
  let listings = 0;
  const inspection = new PayloadInspection({
    ...{ shards: 1, clock, graceMs: GRACE_MS },
    store: { find: () => Promise.resolve(used) },
    stock: {
      descriptions: async function* () {
        await Promise.resolve();
        if (++listings > 1) yield used;
      },
      parts: () => Promise.resolve(new Map([...left].map((upload) => [upload, 1]))),
      lastPartAt: () => Promise.resolve(at),
      remove: () => Promise.resolve(true),
      removeUpload: (upload) => Promise.resolve(void left.delete(upload)),
    },
    index: {
      references: async function* () {
        await Promise.resolve();
        yield [{ taskId: 't0-00000001', payloads: ['used'] }];
      },
      setBackAt: () => Promise.resolve(undefined),
      strays: () => Promise.resolve([]),
      removeStrays: () => Promise.resolve(),
    },
  });
  const checked = inspection.check({ repair: true, limit: 10 });
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(LEAST_SWEEP_MS);
  }
  expect([...left]).toEqual(['of-used']);
  expect((await checked).items.map(({ payload, repaired }) => [payload, repaired])).toEqual([
    ['of-used', false],
    ['broken-off', true],
  ]);
});
