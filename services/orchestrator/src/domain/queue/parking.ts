import type { CapacityEvent, Waiting } from '@multiswarm/contracts';
import { MAX_WINDOW, type RequirementClass } from './requirement-class';
import { WaitingRoom, type Standing } from './waiting-room';

/** Which swarm has got free slots, and how. */
export type CapacitySource = Pick<CapacityEvent, 'swarmId' | 'reason'>;

/** Classes that one round asks for, beside as many as there are free slots; each round without success doubles it. */
const FIRST_ROUND = 7;
const MOST_OF_ROUND = 256;
/** Classes that are asked for again when the news of their capacity may have got lost. */
const LOOK_AGAIN_CLASSES = 64;

/** Classes that wait for the same capacity. */
export class CapacityRoom {
  /** Slots that came free and that nobody has taken, as far as is known. */
  spare = 0;
  round = FIRST_ROUND;
  /** How many came free last. */
  slots = 0;
  /** When slots last came free. */
  changedAt = 0;
  readonly waiting: WaitingRoom<RequirementClass>;
  /** Waiting, and asked for since slots last came free. */
  private asked: { owner: RequirementClass; ticket: number }[] = [];

  constructor(
    /** Undefined: any swarm. */
    readonly swarmId: string | undefined,
    standing: (owner: RequirementClass) => Standing | undefined,
  ) {
    this.waiting = new WaitingRoom(standing);
  }

  opened(slots: number, tick: number): void {
    this.spare += slots;
    this.slots = slots;
    this.changedAt = tick;
    this.round = Math.min(MOST_OF_ROUND, slots + FIRST_ROUND);
    this.recall();
  }

  /** The one that goes first of all that wait here. */
  front(): RequirementClass | undefined {
    this.recall();
    return this.waiting.front();
  }

  /** Those to be asked for now, the first first. */
  nextRound(): RequirementClass[] {
    const owners: RequirementClass[] = [];
    while (owners.length < this.round) {
      const owner = this.waiting.shift();
      if (!owner) {
        this.spare = 0;
        break;
      }
      if (owner.askedAt > this.changedAt) this.asked.push({ owner, ticket: owner.ticket });
      else owners.push(owner);
    }
    this.round = Math.min(MOST_OF_ROUND, this.round * 2);
    return owners;
  }

  private recall(): void {
    const { asked } = this;
    if (asked.length === 0) return;
    this.asked = [];
    for (const { owner, ticket } of asked) if (owner.ticket === ticket) this.waiting.enter(owner);
  }
}

/**
 * Classes that nobody can take now. They cost nothing until there is capacity that may be for them.
 *
 * P1. Where the load-balancer names the swarms that could run a class and are full, the class waits for these; where they
 *     are too many to be named, for any; where there is none, until a swarm joins or changes.
 * P2. When slots come free those who wait for them are asked for, in the global order and a few at a time, until the slots
 *     are taken or everybody was asked once. A swarm that joins or changes may be for everybody.
 * P3. What happens while the load-balancer is being asked counts: the answer may be older.
 * P4. A class that is told when another look is worth it (it waits for its own region only so long) is asked for then, also
 *     where nothing came free.
 */
export class Parking {
  /** Counts passes and news of capacity. */
  tick = 0;
  private readonly everybody: CapacityRoom;
  private readonly anySlot: CapacityRoom;
  private readonly bySwarm = new Map<string, CapacityRoom>();
  /** Rooms with spare slots. */
  private readonly open = new Set<CapacityRoom>();
  /** Slots that are said to be free, nobody knows where. */
  private hinted = 0;
  /** In the order in which they were parked. */
  private readonly parked = new Set<RequirementClass>();
  /** P4: when each is to be asked for again. Few classes wait for a time. */
  private readonly lookAt = new Map<RequirementClass, number>();

  constructor(private readonly standing: (owner: RequirementClass) => Standing | undefined) {
    this.everybody = new CapacityRoom(undefined, standing);
    this.anySlot = new CapacityRoom(undefined, standing);
  }

  /** Whether somebody may be to be asked for. */
  get isOpen(): boolean {
    return this.open.size > 0 || this.hinted > 0;
  }

  /** P4: the first time; undefined where nobody waits for one. */
  get nextLookAt(): number | undefined {
    let first: number | undefined;
    for (const at of this.lookAt.values()) if (first === undefined || at < first) first = at;
    return first;
  }

  /** @param now on the monotonic clock */
  park(owner: RequirementClass, waiting: Waiting, now: number): void {
    if (waiting.againInMs !== undefined) this.lookAt.set(owner, now + waiting.againInMs);
    owner.rooms = [this.everybody, ...this.roomsFor(waiting)];
    this.parked.add(owner);
    owner.ticket += 1;
    for (const room of owner.rooms) {
      room.waiting.size += 1;
      room.waiting.enter(owner);
    }
  }

  unpark(owner: RequirementClass): void {
    for (const room of owner.rooms ?? []) {
      room.waiting.size -= 1;
      if (room.waiting.size === 0 && !this.open.has(room)) this.close(room);
    }
    owner.rooms = undefined;
    owner.ticket += 1;
    this.parked.delete(owner);
    this.lookAt.delete(owner);
  }

  /** P4. @returns classes whose time has come, which are not parked any more */
  due(now: number): RequirementClass[] {
    if (this.lookAt.size === 0) return [];
    const owners = [...this.lookAt].filter(([, at]) => at <= now).map(([owner]) => owner);
    for (const owner of owners) this.unpark(owner);
    return owners;
  }

  /** A parked class has got another first task. */
  moved(owner: RequirementClass): void {
    owner.ticket += 1;
    for (const room of owner.rooms ?? []) room.waiting.enter(owner);
  }

  /** P2. @param from unknown: a hint, for which one round is enough */
  opened(told: number, from: CapacitySource | undefined): void {
    const slots = Math.max(0, told); // a swarm that holds more than its slots has none to give, and takes none from others
    if (from === undefined) this.hinted += slots;
    else if (from.reason === 'freed') {
      this.openRoom(this.anySlot, slots);
      this.openRoom(this.room(from.swarmId), slots); // P3: also where nobody waits yet
    } else {
      this.openRoom(this.everybody, slots);
      this.everybody.spare = Infinity;
    }
  }

  /** @returns classes of the next round, which are not parked any more */
  nextRound(): RequirementClass[] {
    const isHint = this.hinted > 0 && !this.open.has(this.everybody);
    if (isHint) this.openRoom(this.everybody, this.hinted);
    this.hinted = 0;
    const owners: RequirementClass[] = [];
    for (const room of this.open) {
      for (const owner of room.nextRound()) {
        owners.push(owner);
        owner.window = Math.max(owner.window, Math.min(MAX_WINDOW, room.slots));
        this.unpark(owner);
      }
      if (isHint && room === this.everybody) room.spare = 0;
      if (room.spare === 0) this.close(room);
    }
    return owners;
  }

  /** The classes that have waited longest, whatever they wait for. */
  longest(): RequirementClass[] {
    const owners: RequirementClass[] = [];
    for (const owner of this.parked) {
      if (owners.length === LOOK_AGAIN_CLASSES) break;
      owners.push(owner);
    }
    for (const owner of owners) this.unpark(owner);
    return owners;
  }

  /** A slot was given to a class that was asked for at this time: what came free later is still there. P3 */
  taken(swarmId: string, askedAt: number): void {
    for (const room of [this.everybody, this.anySlot, this.bySwarm.get(swarmId)])
      if (room && room.spare > 0 && room.changedAt < askedAt) {
        room.spare -= 1;
        if (room.spare === 0) this.close(room);
      }
  }

  /** Of the classes that wait for this swarm the one that goes first. */
  frontFor(swarmId: string): RequirementClass | undefined {
    return this.bySwarm.get(swarmId)?.front();
  }

  /** Of the classes that wait for any swarm the one that goes first. */
  frontForAny(): RequirementClass | undefined {
    return this.anySlot.front();
  }

  /** Lets others come to the front until it is brought back. */
  passOver(): RequirementClass | undefined {
    return this.anySlot.waiting.shift();
  }

  bringBack(owners: readonly RequirementClass[]): void {
    for (const owner of owners) if (owner.rooms?.includes(this.anySlot)) this.anySlot.waiting.enter(owner);
  }

  private openRoom(room: CapacityRoom, slots: number): void {
    this.tick += 1;
    room.opened(slots, this.tick);
    this.open.add(room);
  }

  private close(room: CapacityRoom): void {
    this.open.delete(room);
    if (room.swarmId !== undefined && room.waiting.size === 0) this.bySwarm.delete(room.swarmId);
  }

  /** P1. */
  private roomsFor({ reason, unmet }: Waiting): CapacityRoom[] {
    if (reason === 'no-swarm') return [];
    const full = unmet.find(({ rule }) => rule === 'slot');
    if (!full || full.count > full.examples.length) return [this.anySlot];
    return full.examples.map((swarmId) => this.room(swarmId));
  }

  private room(swarmId: string): CapacityRoom {
    let room = this.bySwarm.get(swarmId);
    if (!room) this.bySwarm.set(swarmId, (room = new CapacityRoom(swarmId, this.standing)));
    return room;
  }
}
