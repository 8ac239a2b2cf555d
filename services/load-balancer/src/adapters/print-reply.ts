import { Printed } from '@multiswarm/bus';
import {
  packPlaceReply,
  type PlaceReply,
  type PlaceResult,
  type Rejection,
  type Waiting,
} from '@multiswarm/contracts';

/** Room for the envelope of a reply. */
const ENVELOPE_BYTES = 1024;

/**
 * A reply that NATS can carry, as JSON. Where the whole receipts of a large batch do not fit, they keep the decision, its
 * numbers and its reason, and lose the lists: a shorter receipt is better than a batch of reservations whose answer is lost.
 */
export function printReply(reply: PlaceReply, maxBytes: number): Printed {
  const whole = print(reply);
  const bytes = maxBytes - ENVELOPE_BYTES;
  // A character has three bytes at most.
  if (whole.length * 3 <= bytes || Buffer.byteLength(whole) <= bytes) return new Printed(whole);
  return new Printed(print(compactReply(reply)));
}

function print(reply: PlaceReply): string {
  return JSON.stringify(packPlaceReply(reply) ?? reply);
}

function compactReply(reply: PlaceReply): PlaceReply {
  const explained = new Map<Waiting, Waiting>();
  const emptied = new Map<Rejection[], Rejection[]>();
  return { ...reply, results: reply.results.map((result) => compactResult(result, explained, emptied)) };
}

/** The first of those that wait for the same reason keeps it whole. What was shared stays shared. */
function compactResult(
  result: PlaceResult,
  explained: Map<Waiting, Waiting>,
  emptied: Map<Rejection[], Rejection[]>,
): PlaceResult {
  const { placement, waiting } = result;
  if (placement !== undefined) {
    const { receipt } = placement;
    const rejected = emptied.get(receipt.rejected) ?? [];
    emptied.set(receipt.rejected, rejected);
    const { scores: _scores, reasons: _reasons, ...kept } = receipt;
    const compact = { ...kept, rejected, ranked: receipt.ranked.slice(0, 1) };
    return { ...result, placement: { ...placement, receipt: compact } };
  }
  if (waiting === undefined) return result;
  const brief = explained.get(waiting);
  explained.set(waiting, brief ?? { ...waiting, unmet: [] });
  return brief === undefined ? result : { ...result, waiting: brief };
}
