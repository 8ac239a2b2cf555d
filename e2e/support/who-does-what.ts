import { connectBus, type Bus, type Listening } from '@multiswarm/bus';
import { ExplainReply, ReplicaAlive, SchedulerActive, subjects } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import type { AddedReplica } from '../stack';

/** What replicas of the orchestrator say of themselves. They are called `<host>-<process>-<unique>`. */
export class WhoDoesWhat {
  private scheduler: SchedulerActive | undefined;
  private readonly shards = new Map<string, readonly number[]>();
  private readonly listening: Listening[];

  private constructor(private readonly bus: Bus) {
    this.listening = [
      bus.subscribe(subjects.schedulerActive(), { schema: SchedulerActive }, (active) => {
        if (active.epoch >= (this.scheduler?.epoch ?? 0)) this.scheduler = active;
      }),
      bus.subscribe(subjects.replicaAlive(), { schema: ReplicaAlive }, ({ replica, shards }) => {
        this.shards.set(replica, shards);
      }),
    ];
  }

  static async connect(servers: string): Promise<WhoDoesWhat> {
    return new WhoDoesWhat(await connectBus({ servers, name: 'test' }));
  }

  /** Resolves once each of them has its share of the shards; the first one is the one that schedules. */
  async shared(
    replicas: readonly [AddedReplica, AddedReplica],
    all: number,
  ): Promise<[AddedReplica, AddedReplica]> {
    const [one, two] = replicas;
    await eventually(
      () => {
        const counts = replicas.map((replica) => this.countOf(replica));
        const sum = counts.reduce((total, count) => total + count, 0);
        return this.scheduler && sum === all && !counts.includes(0);
      },
      { timeoutMs: 20_000, describe: () => `shares, they are ${JSON.stringify([...this.shards])}` },
    );
    return isProcess(one, this.scheduler?.replica ?? '') ? [one, two] : [two, one];
  }

  /** Resolves once the scheduler knows of so many tasks that wait. */
  async schedulerKnows(count: number): Promise<void> {
    let last = -1;
    await eventually(
      async () => {
        const answer = { reply: ExplainReply, timeoutMs: 1_000 };
        last = (await this.bus.request(subjects.schedulerExplain(), { v: 1, taskIds: [] }, answer)).queued;
        return last === count;
      },
      { timeoutMs: 20_000, describe: () => `a scheduler that knows ${count} tasks, it knows ${last}` },
    );
  }

  async close(): Promise<void> {
    this.listening.forEach((each) => each.stop());
    await this.bus.close();
  }

  private countOf(replica: AddedReplica): number {
    const found = [...this.shards].find(([name]) => isProcess(replica, name));
    return found?.[1].length ?? 0;
  }
}

function isProcess({ program }: AddedReplica, name: string): boolean {
  return name.includes(`-${program.process.pid}-`);
}
