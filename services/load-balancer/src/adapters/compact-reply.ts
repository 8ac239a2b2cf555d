import type { PlaceReply, PlaceResult, Receipt, Rejection, Waiting } from '@multiswarm/contracts';

/** Room for the envelope of a reply. */
const ENVELOPE_BYTES = 1024;
/** So few items fit whatever their receipts say. */
const ALWAYS_FIT = 32;
/** More than the names of the fields and the numbers of one result, of one ranked swarm, of one rejection. */
const FIELDS_BYTES = { result: 512, ranked: 192, rejection: 128 };
/** Bytes of one character at most, escaped. */
const CHARACTER_BYTES = 6;

/**
 * A reply that NATS can carry. Where the whole receipts of a large batch do not fit, they keep the decision, its numbers
 * and its reason, and lose the lists: a shorter receipt is better than a batch of reservations whose answer is lost.
 */
export function compactReply(reply: PlaceReply, maxBytes: number): PlaceReply {
  const { results } = reply;
  const room = maxBytes - ENVELOPE_BYTES;
  if (results.length <= ALWAYS_FIT || atMostBytes(results) <= room) return reply;
  if (Buffer.byteLength(JSON.stringify(results)) <= room) return reply;
  const explained = new Set<Waiting>();
  return { ...reply, results: results.map((result) => compactResult(result, explained)) };
}

/** More than the results have as JSON: printing them to count would cost as much as the answer itself. */
function atMostBytes(results: readonly PlaceResult[]): number {
  const lists = new Map<readonly Rejection[], number>();
  const ofList = (list: readonly Rejection[]): number => {
    let bytes = lists.get(list);
    if (bytes === undefined) lists.set(list, (bytes = ofRejections(list)));
    return bytes;
  };
  let bytes = 0;
  for (const { key, placement, waiting } of results) {
    bytes += FIELDS_BYTES.result + key.length * CHARACTER_BYTES;
    if (placement !== undefined) {
      const { swarmId, region, reservationId, receipt } = placement;
      // Ids and names of swarms and regions are ASCII.
      bytes += 2 * swarmId.length + region.length + reservationId.length + ofList(receipt.rejected);
      bytes += (receipt.because.length + receipt.policy.length) * CHARACTER_BYTES;
      for (const ranked of receipt.ranked)
        bytes += FIELDS_BYTES.ranked + ranked.swarmId.length + ranked.region.length;
    } else if (waiting !== undefined)
      bytes += waiting.detail.length * CHARACTER_BYTES + ofList(waiting.unmet);
  }
  return bytes;
}

function ofRejections(list: readonly Rejection[]): number {
  let bytes = 0;
  for (const { detail, examples } of list) {
    bytes += FIELDS_BYTES.rejection + detail.length * CHARACTER_BYTES;
    for (const example of examples) bytes += example.length + 3;
  }
  return bytes;
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
