import type { Bus, Listening } from '@multiswarm/bus';
import { subjects, type EventBatch } from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import { z } from 'zod';

/** Printed by another replica: to check each field would cost more than all the rest. */
const EventBatchOfOurs = z.custom<EventBatch>(
  (value) => typeof value === 'object' && value !== null && 'events' in value && Array.isArray(value.events),
);

/** Longer than any reader is silent between two looks. */
const IDLE_MS = 10_000;

/**
 * The events of shards that other replicas have, as long as somebody here waits for one of them: to hear all events of a
 * deployment on every replica would cost each of them a good part of a core.
 */
export class EventEars {
  private readonly open = new Map<number, { listening: Listening; wantedAt: number }>();
  private cancel: Cancel = () => undefined;

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    /** Whether the shard's owner is in this process, so that its events are known without the bus. */
    private readonly isHere: (shard: number) => boolean,
    private readonly heard: (batch: EventBatch) => void,
  ) {}

  start(): void {
    this.cancel = every(this.clock, IDLE_MS, () => this.tidy());
  }

  /** Somebody waits for something in this shard, for the next seconds. */
  listenTo(shard: number): void {
    const wantedAt = this.clock.monotonic();
    const known = this.open.get(shard);
    if (known) known.wantedAt = wantedAt;
    else if (!this.isHere(shard)) this.open.set(shard, { listening: this.subscribe(shard), wantedAt });
  }

  stop(): void {
    this.cancel();
    for (const { listening } of this.open.values()) listening.stop();
    this.open.clear();
  }

  private subscribe(shard: number): Listening {
    return this.bus.subscribe(subjects.event(shard), { schema: EventBatchOfOurs }, this.heard);
  }

  private tidy(): void {
    const now = this.clock.monotonic();
    for (const [shard, { listening, wantedAt }] of this.open) {
      if (now - wantedAt < IDLE_MS && !this.isHere(shard)) continue;
      listening.stop();
      this.open.delete(shard);
    }
  }
}
