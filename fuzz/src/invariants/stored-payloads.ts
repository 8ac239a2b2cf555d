import { PayloadBucket, PayloadInventory, type Bus } from '@multiswarm/bus';
import { LIMITS, type PayloadRef } from '@multiswarm/contracts';
import { systemClock, systemIds } from '@multiswarm/core';
import type { Store } from '@multiswarm/store';
import type { Accepted } from './accepted';

/**
 * What is in the store of payloads although nothing that was accepted is about it. A submission whose input is too large to travel
 * may have been refused when that was stored already: what is that large may wait for the sweep, an hour.
 */
export async function strayPayloads(store: Store, bus: Bus, accepted: Accepted): Promise<string[]> {
  const inventory = new PayloadInventory(bus.connection, systemClock);
  const bucket = new PayloadBucket(bus.connection, systemClock, systemIds);
  const strays: string[] = [];
  const uploads = await inventory.parts(); // read first: one that is described since then is under way no more
  for await (const { id, upload, bytes, deleted } of inventory.descriptions()) {
    uploads.delete(upload);
    if (!accepted.has(id) && bytes <= LIMITS.TASK_INPUT_BYTES && !(await isReferredTo(store, id)))
      strays.push(`the payload ${id} is stored, which nobody was told of`);
    if (!deleted && !(await isJson(bucket, { id, bytes })))
      strays.push(`the payload ${id} is stored, and is no JSON`);
    if (deleted) strays.push(`the payload ${id} is half removed`);
  }
  for (const [upload, parts] of uploads)
    strays.push(`${parts} parts are stored of the upload ${upload}, which has ended without a payload`);
  return strays;
}

/** Payloads do not change: each is looked into once. */
const READ = new Set<string>();

async function isJson(bucket: PayloadBucket, ref: PayloadRef): Promise<boolean> {
  if (READ.has(ref.id)) return true;
  READ.add(ref.id);
  try {
    JSON.parse((await bucket.fetch(ref)).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

async function isReferredTo({ redis }: Store, id: string): Promise<boolean> {
  for (const key of await redis.keys('ms:{s*}:payloads'))
    if ((await redis.hvals(key)).some((ids) => ids.split(' ').includes(id))) return true;
  return false;
}
