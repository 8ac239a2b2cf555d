import type { GrantRequest } from '@multiswarm/contracts';
import { deferred } from '@multiswarm/core';
import { placement } from '../../test/support/builders';
import { GrantGate } from './grant-gate';

function gateOf(epoch: number) {
  const asked: GrantRequest[] = [];
  const fetched = deferred<{ dispatch: undefined; refused: [] }>();
  const gate = new GrantGate({
    ...{ shard: 0, epoch },
    grant: (request) => {
      asked.push(request);
      return Promise.resolve([]);
    },
    grantFetched: () => fetched.promise,
    grantKept: () => Promise.resolve([]),
    async *snapshot() {
      yield {};
    },
  });
  return { gate, asked, fetched };
}

function grantOf(epoch: number): GrantRequest {
  return { v: 1, schedulerEpoch: 1, epoch, grants: [{ taskId: 't1', attempt: 1, placement: placement() }] };
}

test('what an earlier owner told is refused', async () => {
  const { gate, asked } = gateOf(2);
  expect(await gate.grant(grantOf(1))).toEqual([{ taskId: 't1', attempt: 1 }]);
  expect(asked).toEqual([]);
});

test('what a later owner told is not refused by one that was replaced, so that the later one is asked', async () => {
  const { gate, asked } = gateOf(2);
  await expect(gate.grant(grantOf(3))).rejects.toMatchObject({ code: 'shard-unavailable', retryable: true });
  expect(asked).toEqual([]);
});

test('what this owner told is for it to judge', async () => {
  const { gate, asked } = gateOf(2);
  expect(await gate.grant(grantOf(2))).toEqual([]);
  expect(asked).toEqual([grantOf(2)]);
});

test('a snapshot is read when what was fetched has been taken in', async () => {
  const { gate, fetched } = gateOf(2);
  void gate.grantFetched([{ taskId: 't1', attempt: 1, placement: placement() }], { bytes: 10_000 });
  let begun = false;
  const page = gate.snapshot(1, 1).next();
  void page.then(() => (begun = true));
  await new Promise(setImmediate);
  expect(begun).toBe(false);
  fetched.resolve({ dispatch: undefined, refused: [] });
  expect((await page).value).toEqual({});
});
