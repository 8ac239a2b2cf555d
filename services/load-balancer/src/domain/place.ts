import type { PlaceItem, PlaceResult, Receipt, Waiting } from '@multiswarm/contracts';
import { explainNoSwarm } from './explain-no-swarm';
import { EXAMPLES, feasibleSwarms, type Feasible } from './feasible';
import type { Fleet } from './fleet';
import type { Moment } from './moment';
import type { Policy } from './policies';
import { asksOf, type Ask } from './requirement-rules';
import { NO_RESOURCES, toVector, type ResourceVector } from './resource-vector';
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
  const pass = new PlacementPass(fleet, now, policy);
  // Whoever asks again for an attempt has lost the first answer. All is given back before anything is placed, or P2 would not hold.
  for (const { key, attempt } of items) fleet.cancel({ taskId: key, attempt });
  const answers = new Map<string, PlaceResult>();
  return items.map((item) => {
    const key = attemptKey({ taskId: item.key, attempt: item.attempt });
    const answer = answers.get(key) ?? pass.place(item);
    answers.set(key, answer);
    return answer;
  });
}

/** What all items of one class have in common. */
interface RequirementClass {
  asks: readonly Ask[];
  resources: ResourceVector;
  feasible: Feasible;
  waiting?: Waiting;
}

class PlacementPass {
  private readonly classes = new Map<string, RequirementClass>();
  private readonly decidedAt: string;

  constructor(
    private readonly fleet: Fleet,
    private readonly now: Moment,
    private readonly policy: Policy,
  ) {
    this.decidedAt = new Date(now.wallMs).toISOString();
  }

  place(item: PlaceItem): PlaceResult {
    const wanted = this.classOf(item);
    if (wanted.waiting !== undefined) return { key: item.key, waiting: wanted.waiting };
    const room = roomFor(wanted.feasible, wanted.resources, item.avoid);
    const ranked = this.policy.rank(room.swarms, { top: RANKED });
    const [chosen] = ranked;
    if (chosen === undefined) {
      wanted.waiting = this.waiting(wanted, room);
      return { key: item.key, waiting: wanted.waiting };
    }
    const receipt = this.receipt(wanted, room, ranked, chosen);
    const attempt = { taskId: item.key, attempt: item.attempt };
    const { id: reservationId } = this.fleet.reserve(chosen, attempt, wanted.resources, this.now);
    const { swarmId, region, costPerSlotHour } = chosen;
    return { key: item.key, placement: { swarmId, region, reservationId, costPerSlotHour, receipt } };
  }

  private classOf(item: PlaceItem): RequirementClass {
    const key = `${item.type} ${item.classKey}`;
    const known = this.classes.get(key);
    if (known !== undefined) return known;
    const asks = asksOf(item);
    const { resources } = item.requirements;
    const wanted = {
      asks,
      resources: resources === undefined ? NO_RESOURCES : toVector(resources),
      feasible: feasibleSwarms(this.fleet, asks, this.now),
    };
    this.classes.set(key, wanted);
    return wanted;
  }

  private receipt(wanted: RequirementClass, room: Room, ranked: SwarmSeen[], chosen: SwarmSeen): Receipt {
    const { feasible } = wanted;
    const could = feasible.ready.length + feasible.suspect.length;
    const counts = { known: this.fleet.size, feasible: could, free: room.swarms.length };
    return {
      policy: this.policy.name,
      decidedAt: this.decidedAt,
      candidates: this.fleet.size,
      feasible: could,
      withFreeSlot: room.withFreeSlot,
      rejected: room.rejected.length === 0 ? feasible.rejected : [...feasible.rejected, ...room.rejected],
      ranked: ranked.map(({ swarmId, region, freeSlots, load, costPerSlotHour }) => {
        return { swarmId, region, freeSlots, load, costPerSlotHour };
      }),
      chosen: chosen.swarmId,
      because: this.policy.because(ranked, counts) + room.caveat,
    };
  }

  private waiting({ asks, feasible }: RequirementClass, room: Room): Waiting {
    const since = this.decidedAt;
    const could = feasible.ready.length + feasible.suspect.length;
    if (could === 0) return { reason: 'no-swarm', since, ...explainNoSwarm(this.fleet, asks, this.now) };
    const [full] = room.rejected;
    const names = full?.examples.join(', ') ?? '';
    const more = could > EXAMPLES ? ` and ${could - EXAMPLES} more` : '';
    const who =
      could === 1 ? '1 swarm could run it and has not' : `${could} swarms could run it and none has`;
    const detail = `${who} ${full?.detail ?? 'a free slot'} now: ${names}${more}`;
    return { reason: 'no-slot', since, detail, unmet: room.rejected };
  }
}
