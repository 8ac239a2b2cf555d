import { PayloadBucket, PayloadInventory, type Bus } from '@multiswarm/bus';
import { systemClock, systemIds } from '@multiswarm/core';
import { Store } from '@multiswarm/store';
import { busLastEvents } from '../../../services/orchestrator/src/adapters/bus/ports';
import { mailReferences } from '../../../services/orchestrator/src/adapters/bus/mail-references';
import { redisPayloadIndex } from '../../../services/orchestrator/src/adapters/store/redis-payload-index';
import { PayloadInspection } from '../../../services/orchestrator/src/application/payload-check';
import { PayloadSweep } from '../../../services/orchestrator/src/application/payload-sweep';
import { whySetBack } from '../../../services/orchestrator/src/application/set-back';
import type { Deployment } from '../system/deployment';
import { SHARDS } from '../system/settings';

/** Whatever is stored by now is old: no clock of a server is so far ahead. */
const NO_GRACE_MS = -60_000;
const SHOWN = 10;

/**
 * Sweeps the store of payloads as the scheduler does, only that the grace time has passed already, and holds what is left against
 * what tasks refer to.
 * @returns what is missing or should not be there, in words
 */
export async function payloadFaults({ redis }: Deployment, bus: Bus): Promise<string[]> {
  const { connection } = bus;
  const store = await Store.connect({ url: redis.url, name: 'chaos' });
  try {
    const parts = {
      store: new PayloadBucket(connection, systemClock, systemIds),
      stock: new PayloadInventory(connection, systemClock),
      index: redisPayloadIndex(store),
      ofMail: mailReferences(bus),
      lastPublished: async (shard: number) => (await busLastEvents(bus)(shard))?.batchSeq,
      ...{ shards: SHARDS, clock: systemClock, graceMs: NO_GRACE_MS },
    };
    const setBack = await whySetBack(parts);
    if (setBack !== undefined) return [`no verdict on payloads: ${setBack}`];
    const sweep = new PayloadSweep(parts);
    await sweep.look();
    await sweep.look();
    const { items } = await new PayloadInspection(parts).check({ repair: false, limit: SHOWN });
    return items.map(
      ({ kind, payload, taskId = 'no task', note = '' }) => `${kind}: ${payload} of ${taskId} ${note}`,
    );
  } finally {
    await store.close();
  }
}
