import { PRIORITIES } from '@multiswarm/contracts';
import { Heap } from '@multiswarm/core';
import type { Lane } from './lane';
import { StrideOrder, turnBefore, type Turn } from './stride';
import { NOBODY, type TaskTable } from './task-table';
import type { Standing } from './waiting-room';

/** How two tenants share, where both have something to do. */
export interface Weights {
  namespace(namespace: string): number;
  fairnessKey(namespace: string, fairnessKey: string): number;
}

/** A namespace inside one band. */
export interface NamespaceTurn extends Turn {
  readonly namespace: NamespaceTurns;
  readonly band: number;
  readonly keys: StrideOrder<KeyTurn>;
  readonly byKey: Map<string, KeyTurn>;
}

/** A fairness key of a namespace inside one band. */
export interface KeyTurn extends Turn {
  readonly key: string;
  readonly parent: NamespaceTurn;
  /** The lanes that may go, one of each class, in the order of their first tasks. */
  readonly offers: Heap<Lane>;
  /** Those among them whose class has others to offer. */
  movable: Set<Lane> | undefined;
  /** Turns that are paid and not settled. */
  unsettled: number;
  /** Lanes that were put in order by a pass that may be refunded. */
  provisional: Lane[];
}

export interface NamespaceTurns {
  readonly name: string;
  readonly bands: (NamespaceTurn | undefined)[];
  /** Its own limit lets nothing go. */
  isHeld: boolean;
}

/** What a picked task has paid. */
export interface Fare {
  turn: KeyTurn;
  keyPass: number;
  keyCost: number;
  namespacePass: number;
  namespaceCost: number;
}

/**
 * The order of everybody who may go: strict bands, inside a band namespaces by stride, inside a namespace its fairness
 * keys by stride, inside a key by submission.
 */
export class TurnOrder {
  private readonly bands: StrideOrder<NamespaceTurn>[];
  private readonly namespaces = new Map<string, NamespaceTurns>();
  private seq = 0;
  private readonly offerBefore = (a: Lane, b: Lane): boolean => this.table.before(a.first, b.first);

  constructor(
    private readonly table: TaskTable,
    private readonly weights: Weights,
  ) {
    this.bands = PRIORITIES.map(() => new StrideOrder<NamespaceTurn>((turn) => this.forgetNamespace(turn)));
  }

  /** A lane with tasks takes its turns in this band from now on. */
  join(lane: Lane, band: number): void {
    const turn = this.turnFor(lane.owner.info.namespace, band, lane.fairnessKey);
    if (lane.turn === turn) return;
    this.part(lane);
    lane.turn = turn;
    turn.lanes += 1;
    turn.parent.lanes += 1;
  }

  /** It has no tasks in line any more, and is not offered. */
  part(lane: Lane): void {
    const { turn } = lane;
    if (!turn) return;
    lane.turn = undefined;
    turn.lanes -= 1;
    turn.parent.lanes -= 1;
    if (turn.lanes === 0) turn.parent.keys.retire(turn);
    if (turn.parent.lanes === 0) this.band(turn.parent).retire(turn.parent);
  }

  offer(lane: Lane, turn: KeyTurn): void {
    const { parent } = turn;
    turn.offers.push(lane);
    parent.keys.enter(turn);
    if (!parent.namespace.isHeld) this.band(parent).enter(parent);
  }

  withdraw(lane: Lane, turn: KeyTurn): void {
    const { parent } = turn;
    turn.offers.removeAt(lane.offerAt);
    turn.movable?.delete(lane);
    if (turn.offers.size > 0) return;
    parent.keys.leave(turn);
    if (!parent.keys.first) this.band(parent).leave(parent);
  }

  /** Whose turn it is. */
  first(): Lane | undefined {
    for (const band of this.bands) {
      const lane = band.first?.keys.first?.offers.top;
      if (lane) return lane;
    }
    return undefined;
  }

  /** Nothing of the namespace goes until it is let go. */
  hold(name: string): void {
    const namespace = this.namespaces.get(name);
    if (!namespace) return;
    namespace.isHeld = true;
    for (const turn of namespace.bands) if (turn) this.band(turn).leave(turn);
  }

  letGo(name: string): void {
    const namespace = this.namespaces.get(name);
    if (!namespace) return;
    namespace.isHeld = false;
    for (const turn of namespace.bands) if (turn?.keys.first) this.band(turn).enter(turn);
  }

  pay(turn: KeyTurn): Fare {
    const { parent } = turn;
    turn.unsettled += 1;
    return {
      turn,
      keyCost: turn.stride,
      keyPass: parent.keys.charge(turn),
      namespaceCost: parent.stride,
      namespacePass: this.band(parent).charge(parent),
    };
  }

  /** What was paid for has come to something. */
  served({ turn, keyCost, keyPass, namespaceCost, namespacePass }: Fare): void {
    this.settle(turn);
    turn.parent.keys.served(turn, keyCost, keyPass);
    this.band(turn.parent).served(turn.parent, namespaceCost, namespacePass);
  }

  /** @returns lanes whose place in the order of their class has got better */
  refund({ turn, keyCost, namespaceCost }: Fare): readonly Lane[] {
    const { provisional } = turn;
    turn.parent.keys.refund(turn, keyCost);
    this.band(turn.parent).refund(turn.parent, namespaceCost);
    this.settle(turn);
    return provisional;
  }

  /** Whether one lane goes before another, offered or not. */
  before(a: Lane, b: Lane): boolean {
    const [turnA, turnB] = [a.turn, b.turn];
    if (!turnA || !turnB) return turnA !== undefined;
    if (turnA === turnB) return this.table.before(a.first, b.first);
    const [parentA, parentB] = [turnA.parent, turnB.parent];
    if (parentA.band !== parentB.band) return parentA.band < parentB.band;
    if (parentA === parentB) return turnBefore(turnA, turnB);
    return turnBefore(parentA, parentB);
  }

  /** @param row the task of this lane that is meant */
  standing({ turn }: Lane, row: number): Standing | undefined {
    if (!turn || row === NOBODY) return undefined;
    const { band, pass } = turn.parent;
    return { band, namespacePass: pass, keyPass: turn.pass, order: this.table.order(row) };
  }

  weightsChanged(name: string): void {
    for (const turn of this.namespaces.get(name)?.bands ?? []) {
      if (!turn) continue;
      turn.stride = 1 / this.weights.namespace(name);
      for (const each of turn.byKey.values()) each.stride = 1 / this.weights.fairnessKey(name, each.key);
    }
  }

  private settle(turn: KeyTurn): void {
    turn.unsettled -= 1;
    if (turn.unsettled === 0) turn.provisional = [];
  }

  private band(turn: NamespaceTurn): StrideOrder<NamespaceTurn> {
    return this.bands[turn.band] as StrideOrder<NamespaceTurn>;
  }

  private turnFor(name: string, band: number, key: string): KeyTurn {
    const parent = this.namespaceTurn(name, band);
    let turn = parent.byKey.get(key);
    if (!turn) {
      turn = {
        ...this.newTurn(parent.keys.newcomersPass, this.weights.fairnessKey(name, key)),
        ...{ key, parent, movable: undefined, unsettled: 0, provisional: [] },
        offers: new Heap<Lane>(this.offerBefore, movedInOffers),
      };
      parent.byKey.set(key, turn);
    }
    return turn;
  }

  private namespaceTurn(name: string, band: number): NamespaceTurn {
    let namespace = this.namespaces.get(name);
    if (!namespace) {
      namespace = { name, bands: PRIORITIES.map(() => undefined), isHeld: false };
      this.namespaces.set(name, namespace);
    }
    const known = namespace.bands[band];
    if (known) return known;
    const byKey = new Map<string, KeyTurn>();
    const order = this.bands[band] as StrideOrder<NamespaceTurn>;
    const turn: NamespaceTurn = {
      ...this.newTurn(order.newcomersPass, this.weights.namespace(name)),
      ...{ namespace, band, byKey },
      keys: new StrideOrder<KeyTurn>((each) => {
        if (byKey.get(each.key) === each) byKey.delete(each.key);
      }),
    };
    namespace.bands[band] = turn;
    return turn;
  }

  private newTurn(pass: number, weight: number): Turn {
    this.seq += 1;
    return { pass, stride: 1 / weight, seq: this.seq, at: -1, lanes: 0, staked: 0, stakes: 0 };
  }

  /** It may have been forgotten before, and another one be in its place. */
  private forgetNamespace(turn: NamespaceTurn): void {
    const { namespace, band } = turn;
    const { name, bands } = namespace;
    if (bands[band] === turn) bands[band] = undefined;
    const isEmpty = bands.every((each) => each === undefined);
    if (isEmpty && this.namespaces.get(name) === namespace) this.namespaces.delete(name);
  }
}

function movedInOffers(lane: Lane, at: number): void {
  lane.offerAt = at;
}
