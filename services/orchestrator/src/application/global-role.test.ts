import { keys } from '@multiswarm/contracts';
import { deferred, ManualClock, seededRandom } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { noMeters } from '../../test/support/builders';
import { turns } from '../../test/support/turns';
import type { LoadedShard, ShardStore } from '../ports';
import { GlobalRole, type GlobalParts } from './global-role';

const EMPTY: LoadedShard = { tasks: [], runs: [], endedSteps: [], historyLengths: new Map() };

/** Leases of one Redis that only this process asks for. */
function leases() {
  const epochs = new Map<string, number>();
  const released: string[] = [];
  return {
    epochs,
    released,
    acquire: (key: string) => {
      const epoch = (epochs.get(key) ?? 0) + 1;
      epochs.set(key, epoch);
      return Promise.resolve({ held: true as const, epoch, batchSeq: 0 });
    },
    renew: (key: string, epoch: number) => Promise.resolve(epochs.get(key) === epoch),
    release: (key: string) => {
      released.push(key);
      return Promise.resolve(true);
    },
  };
}

test('a shard that cannot be loaded gives its lease back, and makes no other shard have two owners', async () => {
  const clock = new ManualClock();
  const table = leases();
  const slow = deferred<LoadedShard>();
  const open = new Map<number, number>();
  const store = {
    load: (shard: number) => (shard === 0 ? Promise.reject(new Error('unreadable')) : slow.promise),
    outbox: () => Promise.resolve([]),
    trimOutbox: () => Promise.resolve(),
  };
  const parts = {
    leases: table,
    store: store as unknown as ShardStore, // taking a shard asks for no more
    face: {
      connected: () => true,
      openScheduler: () => () => undefined,
      open: ({ shard }: { shard: number }) => {
        open.set(shard, (open.get(shard) ?? 0) + 1);
        return () => void open.set(shard, (open.get(shard) ?? 0) - 1);
      },
    },
    clock,
    random: seededRandom(1),
    logger: createLogger({ service: 'test', level: 'silent' }),
    meters: noMeters,
    onEvents: () => undefined,
  };
  const role = new GlobalRole(
    {
      owner: 'one',
      shards: 2,
      leaseMs: 5_000,
      renewMs: 1_500,
      attemptLeaseMs: 1_000,
      regionTimeoutMs: 1_000,
      retentionMs: 1_000,
    },
    parts as unknown as GlobalParts,
  );
  role.start();
  for (let look = 0; look < 4; look += 1) {
    await turns();
    clock.advance(250);
  }
  expect(table.epochs.get(keys.shard(1))).toBe(1);
  expect(table.released).toContain(keys.shard(0));
  slow.resolve(EMPTY);
  await turns();
  expect(open.get(1)).toBe(1);
  await role.stop();
  expect(open.get(1)).toBe(0);
});
