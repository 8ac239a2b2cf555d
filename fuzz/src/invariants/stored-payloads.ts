import { PayloadInventory, type Bus } from '@multiswarm/bus';
import { LIMITS } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import type { Store } from '@multiswarm/store';
import type { Accepted } from './accepted';

/**
 * What is in the store of payloads although nothing that was accepted is about it. A submission whose input is too large to travel
 * may have been refused when that was stored already: what is that large may wait for the sweep, an hour.
 */
export async function strayPayloads(store: Store, bus: Bus, accepted: Accepted): Promise<string[]> {
  const inventory = new PayloadInventory(bus.connection, systemClock);
  const strays: string[] = [];
  const uploads = await inventory.parts(); // read first: one that is described since then is under way no more
  for await (const { id, upload, bytes, deleted } of inventory.descriptions()) {
    uploads.delete(upload);
    if (!accepted.has(id) && bytes <= LIMITS.TASK_INPUT_BYTES && !(await isReferredTo(store, id)))
      strays.push(`the payload ${id} is stored, which nobody was told of`);
    if (deleted) strays.push(`the payload ${id} is half removed`);
  }
  for (const [upload, parts] of uploads)
    strays.push(`${parts} parts are stored of the upload ${upload}, which has ended without a payload`);
  return strays;
}

async function isReferredTo({ redis }: Store, id: string): Promise<boolean> {
  for (const key of await redis.keys('ms:{s*}:payloads'))
    if ((await redis.hvals(key)).some((ids) => ids.split(' ').includes(id))) return true;
  return false;
}
