import type {
  AttemptRef,
  CensusReply,
  CensusRequest,
  ShardCheckReport,
  SlotCensusReply,
  SlotCensusRequest,
} from '@multiswarm/contracts';
import { deferred, type Clock } from '@multiswarm/core';
import type { ShardStore } from '../../ports';
import type { OwnerInsides } from '../owner-insides';
import { CheckFindings } from './check-findings';
import type { CheckTools } from './check-part';
import { IndexCheck } from './index-check';
import type { ShardInspector } from './inspector';
import { MemoryCheck } from './memory-check';
import { OutboxCheck } from './outbox-check';
import { RecordsCheck } from './records-check';
import { Recount } from './recount';
import { RunsCheck } from './runs-check';
import { SchedulerCheck } from './scheduler-check';
import { SearchCheck } from './search-check';
import { SlotsCheck, type SlotTimes } from './slots-check';

/** What a check asks beside the owner whose shard it looks at. */
export interface CheckSources {
  inspector: ShardInspector;
  store: Pick<ShardStore, 'trimOutbox'>;
  clock: Clock;
  census: (asked: CensusRequest) => Promise<CensusReply>;
  /** Since when something of a shard was told that the scheduler has not confirmed; monotonic ms. */
  owesSchedulerSince: (shard: number) => number | undefined;
  /** What a load-balancer counts. */
  slotCensus: (asked: SlotCensusRequest) => Promise<SlotCensusReply>;
  /** Tells all load-balancers that a reservation is not needed. */
  giveSlotBack: (attempt: AttemptRef & { swarmId: string }) => void;
  /** Has all swarms heartbeat. */
  askHeartbeats: () => void;
  slotTimes: SlotTimes;
  /** The number of the last message of a shard that the event stream has. */
  lastPublished: (shard: number) => Promise<number | undefined>;
}

/**
 * One run of a deep check: counts, indexes, memory, the scheduler and the outbox of a shard against its task records, while it
 * is served.
 *
 * D1. What is only in motion is not told: what is compared is of one moment (one transaction in Redis, one turn of the owner), or
 *     it is looked at again until it has either gone on or stayed as it was.
 * D2. No step is long: records are read in small pages, and between two of them everybody else has a turn.
 * D3. What is mended goes through the commits of the owner: in order with everything else, and under its epoch.
 * D4. What cannot be mended in place, because memory is wrong, is mended by taking the shard anew, when the check is over.
 */
export class ShardCheck {
  readonly ended = deferred<void>();
  wantsReload = false;
  private readonly findings = new CheckFindings();
  private readonly startedAt: number;
  private endedAt: number | undefined;
  private step = 'counts';
  private looked = 0;
  private total = 0;
  private batchSeq = 0;
  private why: string | undefined;

  constructor(
    readonly run: string,
    private readonly owner: OwnerInsides,
    private readonly sources: CheckSources,
    readonly repair: boolean,
  ) {
    this.startedAt = sources.clock.now();
  }

  /** Never rejects: why it ended early is in the report. */
  async start(): Promise<void> {
    try {
      await this.walk();
    } catch (error) {
      this.why = error instanceof Error ? error.message : String(error);
    }
    this.endedAt = this.sources.clock.now();
    this.ended.resolve();
  }

  report(): ShardCheckReport {
    const { run, repair, step, looked, total, batchSeq, startedAt, endedAt, why } = this;
    const { shard, epoch } = this.owner;
    const { found, repaired, listed, skipped } = this.findings;
    const state = endedAt === undefined ? 'running' : why === undefined ? 'done' : 'ended-early';
    return {
      ...{ shard, run, state, step, looked, total, epoch, batchSeq, repair, found, repaired },
      findings: listed,
      skipped,
      startedAt: new Date(startedAt).toISOString(),
      ...(why === undefined ? {} : { why }),
      ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() }),
    };
  }

  private async walk(): Promise<void> {
    const { owner, sources } = this;
    const recount = new Recount();
    const stop = owner.tap.watch((batch) => recount.take(batch));
    const tools = this.tools();
    const runs = new RunsCheck(tools);
    const records = new RecordsCheck(tools, recount, runs);
    const indexes = new IndexCheck(tools, records, runs);
    try {
      // All that left before the recount was told of batches has to be among what it counts.
      await owner.settled();
      const base = await sources.inspector.sums(owner.shard);
      recount.begin(base.batchSeq);
      this.batchSeq = base.batchSeq;
      this.total = base.tasks + base.workflows;
      this.step = 'records';
      await records.walk();
      this.step = 'indexes';
      await indexes.walk(base);
      stop();
      records.judgeCounts(base);
      this.step = 'runs';
      await runs.walk();
      this.step = 'repairs';
      await records.mend();
      await records.mendCounts();
      this.step = 'memory';
      await new MemoryCheck(tools).walk(records.suspects);
      this.step = 'search index';
      await new SearchCheck(tools).walk(records.unfound);
      this.step = 'scheduler';
      await new SchedulerCheck(tools, sources).walk();
      this.step = 'load-balancer';
      await new SlotsCheck(tools, sources).walk();
      this.step = 'outbox';
      await new OutboxCheck(tools, sources.lastPublished).walk();
      this.step = 'end';
    } finally {
      stop();
    }
  }

  private tools(): CheckTools {
    const { owner, findings, repair } = this;
    const { inspector, store, clock } = this.sources;
    return {
      ...{ shard: owner.shard, owner, inspector, store, clock, findings, repair },
      breathe: async () => {
        await new Promise<void>((resolve) => clock.soon(resolve));
        owner.state();
      },
      looked: (count) => {
        this.looked += count;
      },
      reload: () => {
        this.wantsReload = true;
      },
    };
  }
}
