import type { TaskClass, Waiting } from '@multiswarm/contracts';
import { Heap, jsonBytes } from '@multiswarm/core';
import type { Lane } from './lane';
import { PaceMeter } from './pace-meter';
import type { CapacityRoom } from './parking';
import { NOBODY, type TaskTable } from './task-table';

export const FIRST_WINDOW = 16;
export const MAX_WINDOW = 1_024;

/** All waiting tasks of one requirement class: any one swarm either can or cannot run them alike. */
export class RequirementClass {
  readonly lanes = new Map<string, Lane>();
  /** Lanes that may go, in order, but for the one that is offered. */
  readonly shelf: Heap<Lane>;
  /** The first of its lanes, where it takes part in the global order. */
  offered: Lane | undefined;
  /** Tasks in line or out. */
  tasks = 0;
  /**
   * How many of its tasks a pass may ask for: doubled when all were placed, one after a refusal (AIMD), so that a class that
   * finds no room does not fill the passes of the others.
   */
  window = FIRST_WINDOW;
  left = FIRST_WINDOW;
  readonly pace = new PaceMeter();
  /** Why its first task could not be placed when it was last asked for. */
  waiting: Waiting | undefined;
  /** Nobody can take it now: where it waits for capacity, and since which ticket. */
  rooms: CapacityRoom[] | undefined;
  ticket = 0;
  /** While it is parked: the row of its first task. */
  front = NOBODY;
  /** When the load-balancer was last asked, on the queue's own count. */
  askedAt = 0;
  /** Bytes in a request to place. */
  readonly bytes: number;

  constructor(
    readonly info: TaskClass,
    table: TaskTable,
  ) {
    this.bytes = jsonBytes(info);
    this.shelf = new Heap<Lane>((a, b) => shelvedBefore(table, a, b), movedOnShelf);
  }

  get isParked(): boolean {
    return this.rooms !== undefined;
  }

  get isOpen(): boolean {
    return this.rooms === undefined && this.left > 0;
  }

  /** The swarms for which it waits, where they are known and few. */
  waitsFor(swarmId: string): boolean {
    return this.rooms?.some((room) => room.swarmId === swarmId) ?? false;
  }
}

function movedOnShelf(lane: Lane, at: number): void {
  lane.shelfAt = at;
}

function shelvedBefore(table: TaskTable, a: Lane, b: Lane): boolean {
  const [turnA, turnB] = [a.turn, b.turn];
  if (!turnA || !turnB) return turnA !== undefined;
  const difference =
    turnA.parent.band - turnB.parent.band || a.knownPass - b.knownPass || turnA.seq - turnB.seq;
  return difference < 0 || (difference === 0 && table.before(a.first, b.first));
}
