import type { PlaceItem, PlaceResult, Receipt, Rejection, Waiting } from '@multiswarm/contracts';
import { EXAMPLES } from './feasible';
import type { Fleet } from './fleet';
import type { Moment } from './moment';
import { Openings, type Order } from './openings';
import type { Policy } from './policies';
import type { Lane, Pool } from './pools';
import { roomFor, type Room } from './room';
import { attemptKey, type SwarmSeen } from './swarm-seen';

/** Swarms that a receipt ranks. */
const RANKED = 5;

/**
 * Places items in their order, each into a slot that is reserved for it, or says why it waits.
 *
 * P1. Later items see the reservations of earlier ones.
 * P2. Once an item was refused, later items of its class are refused with the same words, without a look: within one
 *     call nothing comes free.
 * P3. An attempt that is in the list twice is placed once.
 * P4. A free slot first: no item is placed on a swarm that has none, however good it is otherwise.
 */
export function place(fleet: Fleet, items: readonly PlaceItem[], now: Moment, policy: Policy): PlaceResult[] {
  const keys = items.map(({ key, attempt }) => attemptKey({ taskId: key, attempt }));
  // Whoever asks again for an attempt has lost the first answer. All is given back before anything is placed, or P2 would not hold.
  for (const key of keys) fleet.cancel(key);
  const pass = new PlacementPass(fleet, now, policy);
  const answers = new Map<string, PlaceResult>();
  return items.map((item, index) => {
    const key = keys[index] as string;
    const answer = answers.get(key) ?? pass.place(item, key);
    answers.set(key, answer);
    return answer;
  });
}

/** What all items of one class have in common in one pass. */
interface ClassInPass {
  pool: Pool;
  waiting?: Waiting;
  /** All rejections, of the pool and of the room, joined once for each list of the room. */
  rejected?: { room: Rejection[]; all: Rejection[] };
}

class PlacementPass {
  private readonly classes = new Map<string, Map<string, ClassInPass>>();
  private readonly openings = new Map<Lane, Openings>();
  private readonly taken: SwarmSeen[] = [];
  private readonly decidedAt: string;

  constructor(
    private readonly fleet: Fleet,
    private readonly now: Moment,
    private readonly policy: Policy,
  ) {
    this.decidedAt = new Date(now.wallMs).toISOString();
  }

  place(item: PlaceItem, key: string): PlaceResult {
    const wanted = this.classOf(item);
    if (wanted.waiting !== undefined) return { key: item.key, waiting: wanted.waiting };
    const { ranked, room } = this.choose(wanted, item.avoid);
    const [chosen] = ranked;
    if (chosen === undefined) {
      wanted.waiting = this.waiting(wanted.pool, room);
      return { key: item.key, waiting: wanted.waiting };
    }
    const receipt = this.receipt(wanted, room, ranked, chosen);
    const { id: reservationId } = this.fleet.reserve(chosen, key, wanted.pool.lane.resources, this.now);
    this.taken.push(chosen);
    const { swarmId, region, costPerSlotHour } = chosen;
    return { key: item.key, placement: { swarmId, region, reservationId, costPerSlotHour, receipt } };
  }

  private choose(
    wanted: ClassInPass,
    avoid: readonly string[] | undefined,
  ): { ranked: SwarmSeen[]; room: Room } {
    const { policy } = this;
    if (policy.order !== undefined && (avoid === undefined || avoid.length === 0)) {
      return this.openingsOf(wanted.pool.lane, policy.order).room(RANKED);
    }
    const { swarms, room } = roomFor(wanted.pool.feasible, wanted.pool.lane.resources, avoid);
    return { ranked: policy.rank(swarms, { top: RANKED }), room };
  }

  private openingsOf(lane: Lane, order: Order): Openings {
    const known = this.openings.get(lane);
    if (known !== undefined) return known;
    const openings = new Openings(lane, order, this.taken);
    this.openings.set(lane, openings);
    return openings;
  }

  private classOf(item: PlaceItem): ClassInPass {
    const ofType = this.classes.get(item.type) ?? new Map<string, ClassInPass>();
    const known = ofType.get(item.classKey);
    if (known !== undefined) return known;
    const wanted = { pool: this.fleet.pools.of(item, this.now) };
    this.classes.set(item.type, ofType.set(item.classKey, wanted));
    return wanted;
  }

  private receipt(wanted: ClassInPass, room: Room, ranked: readonly SwarmSeen[], chosen: SwarmSeen): Receipt {
    const feasible = wanted.pool.lane.size;
    const counts = { known: this.fleet.size, feasible, free: room.free };
    return {
      policy: this.policy.name,
      decidedAt: this.decidedAt,
      candidates: this.fleet.size,
      feasible,
      withFreeSlot: room.withFreeSlot,
      rejected: rejectedBy(wanted, room),
      ranked: ranked.map((swarm) => swarm.ranked),
      chosen: chosen.swarmId,
      because: this.policy.because(ranked, counts) + room.caveat,
    };
  }

  private waiting(pool: Pool, room: Room): Waiting {
    const since = this.decidedAt;
    const could = pool.lane.size;
    if (could === 0) return { reason: 'no-swarm', since, ...pool.explain(this.now) };
    const [full] = room.rejected;
    const names = full?.examples.join(', ') ?? '';
    const more = could > EXAMPLES ? ` and ${could - EXAMPLES} more` : '';
    const who =
      could === 1 ? '1 swarm could run it and has not' : `${could} swarms could run it and none has`;
    const detail = `${who} ${full?.detail ?? 'a free slot'} now: ${names}${more}`;
    return { reason: 'no-slot', since, detail, unmet: room.rejected };
  }
}

function rejectedBy(wanted: ClassInPass, room: Room): Rejection[] {
  const { rejected } = wanted.pool.feasible;
  if (room.rejected.length === 0) return rejected;
  if (wanted.rejected?.room !== room.rejected)
    wanted.rejected = { room: room.rejected, all: [...rejected, ...room.rejected] };
  return wanted.rejected.all;
}
