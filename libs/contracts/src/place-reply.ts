import { z } from 'zod';
import { PlaceResult, RankedSwarm, Receipt, Waiting, type Placement } from './placement';

/** That it points at something is seen when it is followed; a check of its own for each would be most of the work. */
const index = z.number();
const WholeReply = z.object({ v: z.literal(1), results: z.array(PlaceResult) });

/**
 * A reply as it travels. The receipts of one batch say much the same, and are most of it: what several have in common is
 * in a list of its own, and they point at it by its index. A placement is where the first that it ranks is.
 */
export const PackedPlaceReply = z.object({
  v: z.literal(1),
  heads: z.array(
    Receipt.pick({
      ...{ policy: true, decidedAt: true, candidates: true, feasible: true, rejected: true, viewAgeMs: true },
    }).extend({ isPriced: z.boolean().optional().describe('the receipts say the price, that of the first') }),
  ),
  ranked: z.array(RankedSwarm),
  reasons: z.array(z.string()),
  waiting: z.array(Waiting),
  results: z.array(
    z.object({
      key: z.string(),
      placed: z
        .object({
          reservationId: z.string(),
          head: index,
          withFreeSlot: z.number(),
          ranked: z.array(index),
          scores: z.array(z.number()).optional(),
          stalenessMs: z.number().optional(),
          because: index.describe('of the reasons'),
          reasons: z.array(index).optional(),
        })
        .optional(),
      waiting: index.optional(),
    }),
  ),
});
export type PackedPlaceReply = z.infer<typeof PackedPlaceReply>;

/** What a placer gets, packed or whole. */
export const PlaceReply = z.unknown().transform((given, context): z.infer<typeof WholeReply> => {
  const isPacked = typeof given === 'object' && given !== null && 'heads' in given;
  const parsed = isPacked ? PackedPlaceReply.safeParse(given) : WholeReply.safeParse(given);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  }
  if (!('heads' in parsed.data)) return parsed.data;
  const unpacked = unpackPlaceReply(parsed.data);
  if (unpacked !== undefined) return unpacked;
  context.addIssue({ code: 'custom', message: 'it points at something that is not in its lists' });
  return z.NEVER;
});
export type PlaceReply = z.infer<typeof WholeReply>;

/**
 * What is the same object, or the same text, is said once; that is what makes it small. Undefined where a placement is not
 * where the first that it ranks is: that one has to travel whole.
 */
export function packPlaceReply({ results }: PlaceReply): PackedPlaceReply | undefined {
  const heads = new Heads();
  const ranked = new Parts<RankedSwarm>();
  const reasons = new Parts<string>();
  const waiting = new Parts<Waiting>();
  const packed: PackedPlaceReply['results'] = [];
  for (const { key, placement, waiting: why } of results) {
    if (placement === undefined) {
      packed.push(why === undefined ? { key } : { key, waiting: waiting.at(why) });
      continue;
    }
    if (!isWhereRanked(placement)) return undefined;
    const { reservationId, receipt } = placement;
    const { scores, stalenessMs, reasons: further } = receipt;
    const placed = {
      reservationId,
      head: heads.at(receipt),
      withFreeSlot: receipt.withFreeSlot,
      ranked: receipt.ranked.map((swarm) => ranked.at(swarm)),
      because: reasons.at(receipt.because),
      ...(scores === undefined ? {} : { scores }),
      ...(stalenessMs === undefined ? {} : { stalenessMs }),
      ...(further === undefined ? {} : { reasons: further.map((reason) => reasons.at(reason)) }),
    };
    packed.push({ key, placed });
  }
  const lists = { heads: heads.list, ranked: ranked.list, reasons: reasons.list, waiting: waiting.list };
  return { v: 1, ...lists, results: packed };
}

function isWhereRanked({ swarmId, region, costPerSlotHour, receipt }: Placement): boolean {
  const [first] = receipt.ranked;
  return (
    first?.swarmId === swarmId &&
    first.region === region &&
    first.costPerSlotHour === costPerSlotHour &&
    (receipt.price === undefined || receipt.price === costPerSlotHour) &&
    receipt.chosen === swarmId
  );
}

/** Undefined where an index points at nothing. */
function unpackPlaceReply(packed: PackedPlaceReply): PlaceReply | undefined {
  const results: PlaceResult[] = [];
  for (const { key, placed, waiting } of packed.results) {
    const result: PlaceResult = { key };
    if (placed !== undefined) {
      const placement = unpackPlacement(packed, placed);
      if (placement === undefined) return undefined;
      result.placement = placement;
    }
    if (waiting !== undefined) {
      const why = packed.waiting[waiting];
      if (why === undefined) return undefined;
      result.waiting = why;
    }
    results.push(result);
  }
  return { v: 1, results };
}

type Placed = NonNullable<PackedPlaceReply['results'][number]['placed']>;

function unpackPlacement(packed: PackedPlaceReply, placed: Placed): Placement | undefined {
  const { reservationId, withFreeSlot, scores, stalenessMs } = placed;
  const head = packed.heads[placed.head];
  const because = packed.reasons[placed.because];
  const ranked = pointedAt(packed.ranked, placed.ranked);
  const reasons = placed.reasons && pointedAt(packed.reasons, placed.reasons);
  const first = ranked?.[0];
  if (head === undefined || because === undefined || ranked === undefined || first === undefined)
    return undefined;
  if (placed.reasons !== undefined && reasons === undefined) return undefined;
  const { swarmId, region, costPerSlotHour } = first;
  const { policy, decidedAt, candidates, feasible, rejected, viewAgeMs, isPriced } = head;
  // prettier-ignore
  const receipt: Receipt = {
    policy, decidedAt, candidates, feasible, withFreeSlot, rejected, ranked, chosen: swarmId, because,
  };
  if (isPriced === true) receipt.price = costPerSlotHour;
  if (scores !== undefined) receipt.scores = scores;
  if (stalenessMs !== undefined) receipt.stalenessMs = stalenessMs;
  if (viewAgeMs !== undefined) receipt.viewAgeMs = viewAgeMs;
  if (reasons !== undefined) receipt.reasons = reasons;
  return { swarmId, region, reservationId, costPerSlotHour, receipt };
}

/** Undefined where an index points at nothing. */
function pointedAt<T>(list: readonly T[], indexes: readonly number[]): T[] | undefined {
  const found: T[] = [];
  for (const at of indexes) {
    const part = list[at];
    if (part === undefined) return undefined;
    found.push(part);
  }
  return found;
}

/** A list in which each part is once. */
class Parts<T> {
  readonly list: T[] = [];
  private readonly indexes = new Map<T, number>();

  at(part: T): number {
    let found = this.indexes.get(part);
    if (found === undefined) {
      found = this.list.push(part) - 1;
      this.indexes.set(part, found);
    }
    return found;
  }
}

type Head = PackedPlaceReply['heads'][number];

/** Receipts of one class share what was rejected, and with it everything else that is the same for the class. */
class Heads {
  readonly list: Head[] = [];
  private readonly indexes = new Map<Receipt['rejected'], number>();

  at({ policy, decidedAt, candidates, feasible, rejected, viewAgeMs, price }: Receipt): number {
    const isPriced = price !== undefined;
    const known = this.indexes.get(rejected);
    const head = known === undefined ? undefined : this.list[known];
    const isSame =
      head?.policy === policy &&
      head.decidedAt === decidedAt &&
      head.candidates === candidates &&
      head.feasible === feasible &&
      head.viewAgeMs === viewAgeMs &&
      (head.isPriced ?? false) === isPriced;
    if (known !== undefined && isSame) return known;
    const made: Head = { policy, decidedAt, candidates, feasible, rejected };
    if (viewAgeMs !== undefined) made.viewAgeMs = viewAgeMs;
    if (isPriced) made.isPriced = true;
    const index = this.list.push(made) - 1;
    this.indexes.set(rejected, index);
    return index;
  }
}
