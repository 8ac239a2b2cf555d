import assert from 'node:assert/strict';
import type { Event } from '@multiswarm/contracts';
import { Change } from '../../src/application/change';
import { eventsOf } from '../../src/application/event-batches';
import { isLone, type TaskRecord, type Transition } from '../../src/domain/task/record';
import { toldEvents } from '../../src/domain/task/told-events';

/** Beyond so many events a life has long stopped being ordinary, and is looked at only now and then. */
const CLOSELY = 12;

/** Holds what can be read of a lone task's events against those that were published. */
export class WatchedHistory {
  private readonly published: Event[] = [];
  /** What a store keeps of it. */
  readonly kept: Event[] = [];

  /** To be called before the record is frozen. */
  see(before: TaskRecord | undefined, next: Transition, now: number): void {
    if (!isLone(next.record)) return;
    this.published.push(...allKept(before, next, now));
    const change = new Change(now);
    change.task(before, next);
    change.seal();
    for (const write of change.writes)
      if (write.kind === 'keep' || write.kind === 'event') this.kept.push(write.event);
    const published = this.published.slice(-next.events.length);
    assert.deepEqual(asRead([...eventsOf(change.writes)]), asRead(published));
    const { length } = this.published;
    if (length > CLOSELY && length % CLOSELY > 0) return;
    const told = this.kept[0]?.seq === 1 ? [] : toldEvents(next.record);
    assert.deepEqual(asRead([...told, ...this.kept]), asRead(this.published));
  }
}

/** The events of a change as those of a life that is not ordinary. */
function allKept(before: TaskRecord | undefined, next: Transition, now: number): Iterable<Event> {
  const change = new Change(now);
  const kept = (record: TaskRecord): TaskRecord => ({ ...record, historyKept: true });
  change.task(before && kept(before), { ...next, record: kept(next.record) });
  return eventsOf(change.writes);
}

/** A field that is undefined is not there. */
function asRead(events: readonly Event[]): unknown {
  return JSON.parse(JSON.stringify(events));
}
