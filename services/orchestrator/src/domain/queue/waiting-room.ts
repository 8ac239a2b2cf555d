import { Heap } from '@multiswarm/core';

/** A place in the global order, as it was when somebody looked. */
export interface Standing {
  band: number;
  namespacePass: number;
  keyPass: number;
  order: number;
}

interface Entry<T> {
  who: T;
  ticket: number;
  at: Standing;
}

/** Entries of those that have left, that a room may hold beside as many that wait. */
const LEFT_ENTRIES = 64;

/**
 * Those who wait for the same thing, the one whose turn is next first. Whoever leaves takes a new ticket, so that leaving
 * several rooms at once costs nothing. Standings are looked up again when somebody comes to the front: they mostly only get
 * worse; whoever has got a better one enters anew.
 */
export class WaitingRoom<T extends { ticket: number }> {
  /** How many wait; kept by those who enter and leave. */
  size = 0;
  private readonly heap = new Heap<Entry<T>>(
    (a, b) => standsBefore(a.at, b.at),
    () => undefined,
  );

  /** @param standing of one that waits; undefined while nothing of it could go anyway */
  constructor(private readonly standing: (who: T) => Standing | undefined) {}

  /** Call again, under a new ticket, for one whose standing has got better. */
  enter(who: T): void {
    const at = this.standing(who);
    if (!at) return;
    if (this.heap.size > 2 * this.size + LEFT_ENTRIES) this.sweep();
    this.heap.push({ who, ticket: who.ticket, at });
  }

  /** Whose turn is next. */
  front(): T | undefined {
    for (let entry = this.heap.top; entry; entry = this.heap.top) {
      const at = entry.ticket === entry.who.ticket ? this.standing(entry.who) : undefined;
      if (!at) {
        this.heap.pop();
        continue;
      }
      if (!standsBefore(entry.at, at)) return entry.who;
      entry.at = at;
      this.heap.fixAt(0);
    }
    return undefined;
  }

  /** Takes out the entry of whoever is in front. */
  shift(): T | undefined {
    const who = this.front();
    if (who) this.heap.pop();
    return who;
  }

  private sweep(): void {
    const live = this.heap.values().filter(({ who, ticket }) => who.ticket === ticket);
    while (this.heap.size > 0) this.heap.removeAt(this.heap.size - 1);
    for (const entry of live) this.heap.push(entry);
  }
}

function standsBefore(a: Standing, b: Standing): boolean {
  if (a.band !== b.band) return a.band < b.band;
  if (a.namespacePass !== b.namespacePass) return a.namespacePass < b.namespacePass;
  if (a.keyPass !== b.keyPass) return a.keyPass < b.keyPass;
  return a.order < b.order;
}
