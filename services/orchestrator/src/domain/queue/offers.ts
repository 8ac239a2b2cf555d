import type { Lane } from './lane';
import type { RequirementClass } from './requirement-class';
import { NOBODY } from './task-table';
import type { KeyTurn, TurnOrder } from './turn-order';

/**
 * What each class puts forward. A class takes part in the global order with one lane, its first, and keeps the others on its
 * shelf: so a class that is parked or woken costs the same whether it has one fairness key or ten thousand.
 *
 * O1. An open class offers the lane that is first in the global order among its own.
 * O2. The pass of a fairness key moves when another class is served. What a shelf knows of it is never too high, and is
 *     looked up again when a lane comes to the front; who offered under a key that was served looks at the shelf again.
 */
export class Offers {
  /** @param moved told when another task of a parked class is its first, or none */
  constructor(
    private readonly order: TurnOrder,
    private readonly moved: (owner: RequirementClass) => void,
  ) {}

  /** A lane may go from now on. */
  add(lane: Lane): void {
    this.shelve(lane);
    this.update(lane.owner);
  }

  /** It may not. */
  remove(lane: Lane): void {
    if (this.lift(lane)) this.update(lane.owner);
  }

  /** Takes it out for a moment: `add` or `update` has to follow. @returns whether it was there */
  lift(lane: Lane): boolean {
    const { owner } = lane;
    if (lane.shelfAt >= 0) owner.shelf.removeAt(lane.shelfAt);
    else if (owner.offered === lane) this.withdraw(owner, lane);
    else return false;
    return true;
  }

  /** Its first task is another one, in the same band. */
  changed(lane: Lane): void {
    if (lane.shelfAt >= 0) lane.owner.shelf.fixAt(lane.shelfAt);
    else if (lane.offerAt >= 0) lane.turn?.offers.fixAt(lane.offerAt);
    this.update(lane.owner);
  }

  /** O1. To be called when a class was opened or closed. */
  update(owner: RequirementClass): void {
    const { offered, isOpen } = owner;
    const next = this.firstOnShelf(owner);
    if (offered && (!isOpen || (next && this.order.before(next, offered)))) {
      this.withdraw(owner, offered);
      this.shelve(offered);
    }
    if (isOpen && !owner.offered) this.offer(owner);
    this.note(owner);
    if (owner.isParked) this.noteFront(owner);
  }

  /** The lane of a class that goes first, offered or not. */
  best(owner: RequirementClass): Lane | undefined {
    return owner.offered ?? this.firstOnShelf(owner);
  }

  /** O2: a turn has moved back. */
  paid({ movable }: KeyTurn): void {
    // What is offered under this turn once more meanwhile is looked at once more, and stays.
    if (movable) for (const lane of movable) this.update(lane.owner);
  }

  /** O2: a turn has moved forward again; these were put in order meanwhile. */
  refunded(provisional: readonly Lane[]): void {
    for (const lane of new Set(provisional)) {
      if (lane.shelfAt < 0 || !lane.turn || lane.knownPass <= lane.turn.pass) continue;
      lane.knownPass = lane.turn.pass;
      lane.owner.shelf.fixAt(lane.shelfAt);
      this.update(lane.owner);
    }
  }

  private offer(owner: RequirementClass): void {
    const lane = this.firstOnShelf(owner);
    if (!lane?.turn) return;
    owner.shelf.removeAt(lane.shelfAt);
    owner.offered = lane;
    this.order.offer(lane, lane.turn);
  }

  private withdraw(owner: RequirementClass, lane: Lane): void {
    owner.offered = undefined;
    if (lane.turn) this.order.withdraw(lane, lane.turn);
  }

  private shelve(lane: Lane): void {
    this.know(lane);
    lane.owner.shelf.push(lane);
  }

  /** O2. */
  private firstOnShelf({ shelf }: RequirementClass): Lane | undefined {
    for (let top = shelf.top; top?.turn; top = shelf.top) {
      if (top.turn.pass <= top.knownPass) return top;
      this.know(top);
      shelf.fixAt(0);
    }
    return undefined;
  }

  private know(lane: Lane): void {
    const { turn } = lane;
    if (!turn) return;
    lane.knownPass = turn.pass;
    if (turn.unsettled > 0) turn.provisional.push(lane);
  }

  private noteFront(owner: RequirementClass): void {
    const front = this.firstOnShelf(owner)?.first ?? NOBODY;
    if (front === owner.front && front !== NOBODY) return;
    owner.front = front;
    this.moved(owner);
  }

  private note({ offered, shelf }: RequirementClass): void {
    if (!offered?.turn) return;
    if (shelf.size === 0) offered.turn.movable?.delete(offered);
    else (offered.turn.movable ??= new Set()).add(offered);
  }
}
