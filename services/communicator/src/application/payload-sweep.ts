import type { Description, PayloadInventory } from '@multiswarm/bus';

export interface PayloadSweepParts {
  stock: Pick<PayloadInventory, 'descriptions' | 'parts' | 'lastPartAt' | 'remove' | 'removeUpload'>;
  /** Whether any message refers to it, as of now. @throws where that is not known */
  isNoted: (payload: string) => Promise<boolean>;
  /** Epoch ms. */
  now: number;
  graceMs: number;
}

/**
 * Removes data to which no message refers, and parts of uploads that broke off, from the store of a domain. May be ended anywhere, and run by
 * several at once.
 *
 * W1. What was claimed within the grace time stays: who has claimed it is about to note it, which takes less.
 * W2. What is noted stays. It is asked after the description was read; a note that is younger belongs to a claim that is younger, and then the
 *     removal, which names the claim that was read, is refused.
 * W3. What broke off is older than any upload may take.
 *
 * @throws MultiswarmError `payload-store-unavailable`; by then everything that was removed was removed by these rules
 */
export async function sweepPayloads(
  parts: PayloadSweepParts,
): Promise<{ payloads: number; uploads: number }> {
  const { stock, isNoted, now, graceMs } = parts;
  const isOld = (atMs: number): boolean => now - atMs > graceMs;
  const described = new Set<string>();
  const old: Description[] = [];
  for await (const each of stock.descriptions()) {
    if (!each.deleted) described.add(each.upload);
    if (each.deleted || isOld(each.claimedAt)) old.push(each);
  }
  const swept = { payloads: 0, uploads: 0 };
  for (const each of old) {
    if (!each.deleted && (await isNoted(each.id))) continue; // W1, W2
    if (await stock.remove(each)) swept.payloads += 1;
  }
  for (const upload of (await stock.parts()).keys()) {
    const atMs = described.has(upload) ? undefined : await stock.lastPartAt(upload);
    if (atMs === undefined || !isOld(atMs)) continue; // W3
    await stock.removeUpload(upload);
    swept.uploads += 1;
  }
  return swept;
}
