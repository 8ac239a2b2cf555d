import { delay } from '@multiswarm/core';
import type { TaskRecord } from '../../domain/task/record';
import { CHUNK, chunks, type CheckTools } from './check-part';
import { brief, differences } from './same-record';

/** What is committed is in the index soon after. */
const LOOK_AGAIN_MS = 300;
const LOOKS = 3;
/** A task that changes while it is entered again is entered once more. */
const MENDS = 5;
const WHERE = 'memory: search index';

interface Fault {
  expected: string;
  found: string;
}

/**
 * Holds what a shard is searched by against its records.
 *
 * I1. The index follows the commits, each when it is confirmed: what differs is looked at again, and told only where the record
 *     stayed as it is and the index differs in the same way each time.
 */
export class SearchCheck {
  constructor(private readonly tools: CheckTools) {}

  /** @param suspects tasks of which the index said something else than their records */
  async walk(suspects: Iterable<string>): Promise<void> {
    const { owner, findings, breathe } = this.tools;
    if (!owner.index.isWhole) {
      findings.skip('search index: it is being built');
      return;
    }
    const all = new Set(suspects);
    for await (const id of this.strangers()) all.add(id);
    for (const ids of chunks([...all])) {
      await this.judge(ids);
      await breathe();
    }
  }

  /** Tasks that the index has and no list: rows that change their places meanwhile may be left out, and are found the next time. */
  private async *strangers(): AsyncGenerator<string> {
    const { owner, inspector, shard, breathe } = this.tools;
    for (let row = 0; row < owner.index.rows; row += CHUNK) {
      yield* await inspector.unlistedTasks(shard, owner.index.idsFrom(row, CHUNK));
      await breathe();
    }
  }

  private async judge(ids: readonly string[]): Promise<void> {
    const { breathe, clock, findings, repair } = this.tools;
    let faults = await this.faults(ids);
    for (let look = 1; look < LOOKS && faults.size > 0; look += 1) {
      await delay(clock, LOOK_AGAIN_MS);
      const again = await this.faults([...faults.keys()]);
      faults = new Map([...faults].filter(([id, before]) => isSame(before, again.get(id))));
    }
    for (const [of, fault] of faults) {
      const remedy = 'the task is entered in the index as its record says';
      const finding = findings.add({ kind: 'search-index', where: WHERE, of, ...fault, remedy });
      if (!repair) continue;
      if (await this.mend(of)) findings.mended(finding);
      await breathe();
    }
  }

  /** I1. */
  private async faults(ids: readonly string[]): Promise<Map<string, Fault>> {
    const { owner } = this.tools;
    const before = await this.records(ids);
    await owner.settled();
    const after = await this.records(ids);
    const faults = new Map<string, Fault>();
    for (const id of ids) {
      const record = after.get(id);
      const fault = isSettled(before.get(id), record) ? this.faultOf(id, record) : undefined;
      if (fault) faults.set(id, fault);
    }
    return faults;
  }

  private faultOf(id: string, record: TaskRecord | undefined): Fault | undefined {
    const { index } = this.tools.owner;
    if (!record) return index.has(id) ? { expected: 'no such task', found: 'a row' } : undefined;
    const differ = index.differences(record);
    return differ.length === 0
      ? undefined
      : { expected: brief(record), found: index.has(id) ? `another ${differ.join(', ')}` : 'nowhere' };
  }

  private async mend(id: string): Promise<boolean> {
    const { owner } = this.tools;
    for (let tries = 0; tries < MENDS; tries += 1) {
      owner.index.enter(id, (await this.records([id])).get(id));
      if (!(await this.faults([id])).has(id)) return true;
    }
    return false;
  }

  private async records(ids: readonly string[]): Promise<Map<string, TaskRecord>> {
    const { inspector, shard } = this.tools;
    const found = await inspector.look(shard, ids);
    return new Map(found.flatMap(({ id, record }) => (record ? [[id, record] as const] : [])));
  }
}

function isSettled(before: TaskRecord | undefined, after: TaskRecord | undefined): boolean {
  return before && after ? differences(before, after).length === 0 : before === after;
}

function isSame(one: Fault, other: Fault | undefined): boolean {
  return one.expected === other?.expected && one.found === other.found;
}
