import { MultiswarmError, type TaskSpec } from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import type { HeldLease } from '@multiswarm/sharding';
import type { Logger } from '@multiswarm/telemetry';
import type { EventStream, Placer, Regions, ShardStore, Write } from '../ports';
import { AttemptLeases, type LeaseTimes } from './attempt-leases';
import type { CopyStore } from './copy/copy-store';
import { Departures } from './departures';
import { Dispatcher } from './dispatcher';
import { openingOf, raisedStore, type IncarnationParts } from './incarnation';
import type { Meters } from './meters';
import { OutboxRelay } from './outbox-relay';
import type { OwnerMemory } from './owner-desk';
import type { EffectParts } from './shard-effects';
import { ShardOwner } from './shard-owner';
import { Breather } from './breather';
import { Turns } from './turns';

/** What all owners of one replica share. */
export interface OwnerFactoryParts extends IncarnationParts {
  copies: Pick<CopyStore, 'marked' | 'clear'>;
  store: ShardStore;
  scheduler: EffectParts['scheduler'];
  placer: Placer;
  regions: Regions;
  stream: EventStream;
  clock: Clock;
  random: Random;
  ids: Ids;
  /** With the priority that its namespace allows at most. */
  capped: (spec: TaskSpec) => TaskSpec;
  logger: Logger;
  meters: Meters;
  /** Subject on which this replica takes reports for all its shards. */
  reportTo: string;
  times: LeaseTimes;
  /** How long ended tasks of a namespace are kept. */
  retentionMs: (namespace: string) => number;
  /** What is committed from now on. */
  onCommitted: (writes: readonly Write[]) => void;
  memory?: OwnerMemory | undefined;
}

/** Builds owners out of leases. */
export class OwnerFactory {
  private readonly indexing: { turns: Turns; breather: Breather };
  private readonly departures: Departures;

  constructor(private readonly parts: OwnerFactoryParts) {
    this.departures = new Departures(parts.clock);
    this.indexing = { turns: new Turns(), breather: new Breather(parts.clock) };
  }

  /**
   * An owner that serves.
   * @param onLost it has found out by itself that it is none any more
   * @throws what loading the shard throws
   */
  async open(shard: number, lease: HeldLease, onLost: () => void): Promise<ShardOwner> {
    const { stream, clock, logger, times } = this.parts;
    const { scheduler, placer, random, ids, capped, meters, retentionMs, onCommitted, memory } = this.parts;
    const { copies } = this.parts;
    const importing = await copies.marked(shard);
    if (importing !== undefined && !(await copies.clear(shard, lease.epoch, importing, false)))
      throw new MultiswarmError('stale-epoch', `shard ${shard} has another owner`);
    const opening = await openingOf(shard, lease, this.parts);
    const store = raisedStore(this.parts.store, opening.attemptBase);
    const began = { epoch: lease.epoch, batchSeq: opening.batchSeq };
    const relay = new OutboxRelay(shard, began, store, stream, clock, this.departures, (error) =>
      logger.warn('events wait for JetStream', { shard, error }),
    );
    const leases = new AttemptLeases(times, () => clock.monotonic());
    const owner: ShardOwner = new ShardOwner(shard, lease.epoch, opening.batchSeq, {
      ...{
        store,
        scheduler,
        placer,
        clock,
        random,
        ids,
        capped,
        logger,
        meters,
        retentionMs,
        onCommitted,
        relay,
      },
      ...{ memory, indexing: this.indexing, attemptBase: opening.attemptBase, importing },
      dispatcher: this.dispatcher(shard, lease.epoch, leases, () => owner),
      leases,
      leaseHolds: () => lease.holds(),
      onLost,
    });
    await owner.open();
    return owner;
  }

  private dispatcher(
    shard: number,
    epoch: number,
    leases: AttemptLeases,
    owner: () => ShardOwner,
  ): Dispatcher {
    const { regions, clock, logger, reportTo, times } = this.parts;
    const epochOf = (region: string) => leases.epochOf(region);
    const options = { shard, epoch, reportTo, giveUpMs: times.attemptLeaseMs, epochOf };
    return new Dispatcher(options, regions, clock, {
      // To the owner that sent them: what an earlier epoch of this shard gave up, its successor has sent anew.
      outcomes: (outcomes) =>
        void owner()
          .dispatched(outcomes)
          .catch((error: unknown) => logger.warn('dispatch not recorded', { shard, error })),
      fault: (error) => logger.warn('dispatch waits for a region', { shard, error }),
    });
  }
}
