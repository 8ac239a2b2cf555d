import type { GrantRequest } from '@multiswarm/contracts';
import { placement } from '../../test/support/builders';
import { GrantGate } from './grant-gate';

function gateOf(epoch: number): { gate: GrantGate; asked: GrantRequest[] } {
  const asked: GrantRequest[] = [];
  const gate = new GrantGate({
    ...{ shard: 0, epoch },
    grant: (request) => {
      asked.push(request);
      return Promise.resolve([]);
    },
    async *snapshot() {
      yield {};
    },
  });
  return { gate, asked };
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
