import { keys } from '@multiswarm/contracts';
import type { TaskRecord } from '../../domain/task/record';
import type { RunProgress, RunRecord } from '../../domain/workflow/run';
import type { Change } from '../change';
import { chunks, type CheckTools } from './check-part';
import type { ListedId, RunPlaces } from './inspector';
import { misplacedRun } from './misplaced';

const FROM_MEMORY = 'it is written again, as its owner has it in memory';
const NONE_IS_MADE = 'none is made, since there may be steps of it: restore the run from a backup';
const ENTRIES_GO = 'its entries in the indexes are removed';

const RUNS_AT_ONCE = 20;
/** Runs without a list or a record, of which so many are looked at. */
const LOST = 10_000;
/** Steps of one run are beside each other in the list of tasks: whether it is there is asked once for all of them. */
const WHOLE_RECENTLY = 1_000;

/**
 * Workflows and their places. Those that a list shows are walked there; the others are found by what leads to them: their steps,
 * and the indexes of active and of expiring runs.
 *
 * W1. Nothing of a run is removed while there may be steps of it: with its history those of its events would go, which nobody
 *     could restore.
 */
export class RunsCheck {
  /** That no list has, or of which there is no record: of each a step that leads there, where one does. */
  private readonly lost = new Map<string, string | undefined>();
  private readonly whole = new Set<string>();

  constructor(private readonly tools: CheckTools) {}

  /** Tasks that were read: what their runs are. */
  async stepsSeen(records: Iterable<TaskRecord>): Promise<void> {
    const runs = new Map<string, string>();
    for (const { id, spec } of records) if (spec.workflowId !== undefined) runs.set(spec.workflowId, id);
    await this.led(runs);
  }

  /** Runs that some index has. */
  async indexed(ids: readonly string[]): Promise<void> {
    for (const part of chunks(ids)) await this.led(new Map(part.map((id) => [id, undefined])));
  }

  async walk(): Promise<void> {
    const { inspector, shard, breathe, looked } = this.tools;
    let after: ListedId | undefined;
    for (;;) {
      const page: ListedId[] = await inspector.listed('workflows', shard, after, RUNS_AT_ONCE);
      const places = await inspector.lookAtRuns(shard, idsOf(page));
      // Without a place in the list it was forgotten between the two reads.
      for (const each of places) if (each.listedAt !== undefined) await this.judge(each);
      looked(page.length);
      after = page.at(-1);
      if (page.length < RUNS_AT_ONCE) break;
      await breathe();
    }
    await this.walkUnlisted();
  }

  private async led(runs: ReadonlyMap<string, string | undefined>): Promise<void> {
    const { inspector, shard } = this.tools;
    for (const [id, step] of runs) if (step !== undefined && this.lost.has(id)) this.lost.set(id, step);
    const unknown = [...runs.keys()].filter((id) => !this.whole.has(id) && !this.lost.has(id));
    if (unknown.length === 0) return;
    const lost = new Set(await inspector.lostRuns(shard, unknown));
    if (this.whole.size > WHOLE_RECENTLY) this.whole.clear();
    for (const id of unknown)
      if (!lost.has(id)) this.whole.add(id);
      else if (this.lost.size < LOST) this.lost.set(id, runs.get(id));
  }

  private async walkUnlisted(): Promise<void> {
    const { inspector, shard, breathe } = this.tools;
    for (const ids of chunks([...this.lost.keys()], RUNS_AT_ONCE)) {
      for (const places of await inspector.lookAtRuns(shard, ids))
        if (places.listedAt === undefined) await this.judge(places); // others were walked, or are being made
      await breathe();
    }
  }

  private async judge(places: RunPlaces): Promise<void> {
    const { shard, findings, repair } = this.tools;
    if (!places.run && places.unreadable === undefined) return this.judgeMissing(places);
    const found = misplacedRun(shard, places).map((finding) => findings.add(finding));
    if (places.run?.run.state === 'running')
      await this.judgeSteps(
        places.id,
        places.run.run.spec.steps.map((step) => step.taskId),
      );
    const canBeMended = repair && found.length > 0;
    if (canBeMended && (await this.mend(places))) findings.mended(...found);
  }

  /** A run that a list, an index or a step leads to, and of which no record is stored. */
  private async judgeMissing({ id, listedAt, isActive, expiresAt }: RunPlaces): Promise<void> {
    const { shard, findings, repair, owner } = this.tools;
    const step = this.lost.get(id);
    const isIndexed = listedAt !== undefined || isActive || expiresAt !== undefined;
    // Both were forgotten meanwhile.
    if (!isIndexed && (step === undefined || !(await this.isThere(step)))) return;
    const active = owner.state().activeRun(id);
    const mayHaveSteps = step !== undefined || this.lost.size >= LOST; // W1
    const finding = findings.add({
      ...{ kind: 'run-missing', where: keys.workflow(shard, id), of: id, found: 'nowhere' },
      expected: step === undefined ? 'the record of the run' : `the record of the run of ${step}`,
      remedy: active ? FROM_MEMORY : mayHaveSteps ? NONE_IS_MADE : ENTRIES_GO,
    });
    if (!repair || (!active && mayHaveSteps)) return;
    const change = owner.state().change();
    if (active) this.enter(active.record, active.progress(), change);
    else change.forget(id, []);
    await owner.commit(change);
    findings.mended(finding);
  }

  /** @returns false where the run has gone on since, or is not in memory as it should be */
  private async mend({ id, run: stored, expiresAt }: RunPlaces): Promise<boolean> {
    const { owner } = this.tools;
    const active = owner.state().activeRun(id);
    if (!stored || (active !== undefined) !== (stored.run.state === 'running')) return false;
    const record = active?.record ?? stored.run;
    const change = owner.state().change();
    this.enter(record, active?.progress() ?? stored.progress, change);
    if (!active && expiresAt === undefined)
      change.rootEnded(id, (record.endedAt ?? change.now) + owner.retentionMs(record.spec.namespace));
    await owner.commit(change);
    return true;
  }

  /** All of it, as if it were new. */
  private enter(record: RunRecord, progress: RunProgress, change: Change): void {
    change.writes.push({ kind: 'run', record, progress, isNew: true });
    if (record.state === 'running') change.rootReopened(record.id);
  }

  private async isThere(task: string): Promise<boolean> {
    const { inspector, shard } = this.tools;
    const [places] = await inspector.look(shard, [task]);
    return places?.record !== undefined;
  }

  private async judgeSteps(run: string, steps: readonly string[]): Promise<void> {
    const { inspector, shard, findings } = this.tools;
    for (const part of chunks(steps))
      for (const { id, record } of await inspector.look(shard, part))
        if (!record)
          findings.add({
            ...{ kind: 'step-missing', where: run, of: id },
            ...{ expected: 'the record of a step', found: 'nowhere' },
            remedy: 'none is made: cancel the run, and rerun it',
          });
  }
}

function idsOf(page: readonly ListedId[]): string[] {
  return page.map(({ id }) => id);
}
