import { chunks, type CheckTools } from './check-part';
import { INDEXES, type ShardSums } from './inspector';
import type { RecordsCheck } from './records-check';
import type { RunsCheck } from './runs-check';

/** Of what no list shows, so much is told. */
const SEEN = 100_000;

/** What is in indexes although no list of tasks or runs leads there. */
export class IndexCheck {
  constructor(
    private readonly tools: CheckTools,
    private readonly records: RecordsCheck,
    private readonly runs: RunsCheck,
  ) {}

  /** Whoever is in an index and has no record, or one that no list shows. */
  async walk({ specs, tasks }: ShardSums): Promise<void> {
    const { inspector, shard, breathe } = this.tools;
    const seen = new Set<string>();
    // As many records as entries of the list, and a record for each entry: then each record has an entry.
    const areAllListed = specs === tasks && this.records.withoutRecord === 0;
    for (const index of INDEXES) {
      if (index === 'specs' && areAllListed) continue;
      for await (const page of inspector.members(shard, index)) {
        await this.runs.indexed(page.filter((id) => id.startsWith('w')));
        const ids = page.filter((id) => id.startsWith('t') && !seen.has(id));
        for (const part of chunks(ids)) {
          const all = await inspector.look(shard, part);
          for (const places of all) this.see(places, seen);
          // The others were seen where they are listed.
          const unlisted = all.filter(({ listedAt }) => listedAt === undefined);
          await this.runs.stepsSeen(unlisted.flatMap(({ record }) => record ?? []));
        }
        await breathe();
      }
    }
  }

  private see(places: Parameters<RecordsCheck['found']>[0], seen: Set<string>): void {
    const { record, listedAt, waitingAt, isActive, expiresAt, letterAt, letterFacts, payloads } = places;
    const isThere =
      [waitingAt, expiresAt, letterAt, letterFacts, payloads].some((each) => each !== undefined) || isActive;
    if (!record && !isThere && listedAt === undefined) return; // it has left since
    if (record && listedAt !== undefined) return; // judged with all that are listed
    if (seen.size >= SEEN || seen.has(places.id)) return;
    seen.add(places.id);
    this.records.found(places);
  }
}
