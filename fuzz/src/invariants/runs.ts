import { LATEST_EPOCH } from '../targets/epochs';

interface Dispatch {
  shard: number;
  epoch: number;
}
interface Outcome {
  taskId: string;
  attempt: number;
  outcome: string;
}

/** What a swarm under attack has said that it takes: it may run that, and nothing else. */
export class Runs {
  private readonly taken = new Set<string>();

  /** @param shards those for which the swarm has heard of an owner, with the latest epoch */
  constructor(private readonly shards: number) {}

  /**
   * Takes note of the answer to a dispatch.
   * @returns what is wrong about it: an attempt that nobody else had offered before was taken from somebody who has been replaced, or for a
   *   shard that is not that of its task
   */
  answered({ shard, epoch }: Dispatch, outcomes: readonly Outcome[]): string | undefined {
    for (const { taskId, attempt, outcome } of outcomes) {
      const key = `${taskId}#${attempt}`;
      if (outcome !== 'accepted' || this.taken.has(key)) continue;
      this.taken.add(key);
      if (shard < this.shards && epoch < LATEST_EPOCH)
        return `${key} was taken from an owner of epoch ${epoch}`;
      if (!taskId.startsWith(`t${shard}-`)) return `${key} was taken for shard ${shard}`;
    }
    return undefined;
  }

  get count(): number {
    return this.taken.size;
  }

  has(run: string): boolean {
    return this.taken.has(run);
  }

  /** What was run although nobody was told that it would be, or was run again. */
  strays(runs: readonly string[]): string[] {
    const strays = runs.filter((run) => !this.taken.has(run) || this.begun.has(run));
    for (const run of runs) this.begun.add(run);
    return strays;
  }

  private readonly begun = new Set<string>();
}
