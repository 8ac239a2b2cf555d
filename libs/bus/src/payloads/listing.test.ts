import { listed, type ListReader } from './listing';

/** A server that brings one description, says that another one is to come, and then nothing. */
function silent(pending: number): ListReader {
  const data = Buffer.from(JSON.stringify({ name: 'default.1', nuid: 'upload', size: 1, chunks: 1 }));
  const pages = [[{ seq: 1, data, info: { pending: 1, timestampNanos: 5e6 } }]];
  return {
    fetch: () =>
      Promise.resolve(
        (async function* () {
          await Promise.resolve();
          yield* pages.shift() ?? [];
        })(),
      ),
    info: () => Promise.resolve({ num_pending: pending }),
  };
}

async function idsFrom(reader: ListReader): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of listed(reader)) ids.push(id);
  return ids;
}

test('a list that ends while the server has more is no list', async () => {
  await expect(idsFrom(silent(1))).rejects.toMatchObject({
    ...{ code: 'payload-store-unavailable', retryable: true },
  });
});

test('a list ends where what was to come was removed meanwhile', async () => {
  expect(await idsFrom(silent(0))).toEqual(['default.1']);
});
