import type { PlaceReply, PlaceResult, Receipt, Waiting } from '@multiswarm/contracts';

/** Room for the envelope of a reply. */
const ENVELOPE_BYTES = 1024;
/** So few items fit whatever their receipts say. */
const ALWAYS_FIT = 32;

/**
 * A reply that NATS can carry. Where the whole receipts of a large batch do not fit, they keep the decision, its numbers
 * and its reason, and lose the lists: a shorter receipt is better than a batch of reservations whose answer is lost.
 */
export function compactReply(reply: PlaceReply, maxBytes: number): PlaceReply {
  const { results } = reply;
  if (results.length <= ALWAYS_FIT) return reply;
  if (Buffer.byteLength(JSON.stringify(results)) + ENVELOPE_BYTES <= maxBytes) return reply;
  const explained = new Set<Waiting>();
  return { ...reply, results: results.map((result) => compactResult(result, explained)) };
}

function compactResult(result: PlaceResult, explained: Set<Waiting>): PlaceResult {
  const { placement, waiting } = result;
  if (placement !== undefined)
    return { ...result, placement: { ...placement, receipt: compactReceipt(placement.receipt) } };
  if (waiting === undefined || !explained.has(waiting)) {
    if (waiting !== undefined) explained.add(waiting);
    return result;
  }
  return { ...result, waiting: { ...waiting, unmet: [] } };
}

function compactReceipt(receipt: Receipt): Receipt {
  return { ...receipt, rejected: [], ranked: receipt.ranked.slice(0, 1) };
}
