import { inChunks } from './system';

test('a batch is handed over whole, or in chunks in the order of its items', async () => {
  const items = [1, 2, 3, 4, 5];
  const calls: number[][] = [];
  const send = (chunk: number[]): Promise<void> => Promise.resolve(void calls.push(chunk));
  await inChunks(items, undefined, send);
  await inChunks(items, 2, send);
  expect(calls).toEqual([[1, 2, 3, 4, 5], [1, 2], [3, 4], [5]]);
});

test('no more than a few chunks are under way at once', async () => {
  let underWay = 0;
  let most = 0;
  await inChunks(Array.from({ length: 50 }, String), 1, async () => {
    most = Math.max(most, ++underWay);
    await new Promise(setImmediate);
    underWay -= 1;
  });
  expect(most).toBe(4);
});
