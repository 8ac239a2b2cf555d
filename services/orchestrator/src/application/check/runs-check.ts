import { keys } from '@multiswarm/contracts';
import type { TaskRecord } from '../../domain/task/record';
import { chunks, type CheckTools } from './check-part';
import type { ListedId, RunPlaces } from './inspector';
import { misplacedRun } from './misplaced';

const RUNS_AT_ONCE = 20;
/** Runs that no list shows, of which so many are looked at. */
const UNLISTED = 10_000;
/** Steps of one run are beside each other in the list of tasks: whether it is listed is asked once for all of them. */
const LISTED_RECENTLY = 1_000;

/**
 * Workflows and their places. Those that a list shows are walked there; the others are found by what leads to them: their steps,
 * and the indexes of active and of expiring runs.
 */
export class RunsCheck {
  /** Of each a step that leads there, where one does. */
  private readonly unlisted = new Map<string, string | undefined>();
  private readonly listed = new Set<string>();

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
    const unknown = [...runs.keys()].filter((id) => !this.listed.has(id) && !this.unlisted.has(id));
    if (unknown.length === 0) return;
    const unlisted = new Set(await inspector.unlistedRuns(shard, unknown));
    if (this.listed.size > LISTED_RECENTLY) this.listed.clear();
    for (const id of unknown)
      if (!unlisted.has(id)) this.listed.add(id);
      else if (this.unlisted.size < UNLISTED) this.unlisted.set(id, runs.get(id));
  }

  private async walkUnlisted(): Promise<void> {
    const { inspector, shard, breathe } = this.tools;
    for (const ids of chunks([...this.unlisted.keys()], RUNS_AT_ONCE)) {
      for (const places of await inspector.lookAtRuns(shard, ids)) {
        const { id, run, listedAt, unreadable, isActive, expiresAt } = places;
        if (listedAt !== undefined) continue; // it was being made
        const isThere = run !== undefined || unreadable !== undefined || isActive || expiresAt !== undefined;
        const step = this.unlisted.get(id);
        if (step !== undefined && !run && unreadable === undefined) await this.judgeOrphan(id, step);
        else if (isThere) await this.judge(places);
      }
      await breathe();
    }
  }

  /** A step of a run of which there is nothing; unless both were forgotten meanwhile. */
  private async judgeOrphan(of: string, step: string): Promise<void> {
    const { inspector, shard, findings } = this.tools;
    const [places] = await inspector.look(shard, [step]);
    if (!places?.record) return;
    findings.add({
      ...{ kind: 'run-missing', where: keys.workflow(shard, of), of },
      ...{ expected: `the record of the run of ${step}`, found: 'nowhere' },
      remedy: 'none is made, since its steps are there: restore the run from a backup',
    });
  }

  private async judge(places: RunPlaces): Promise<void> {
    const { shard, findings, repair } = this.tools;
    const found = misplacedRun(shard, places).map((finding) => findings.add(finding));
    if (places.run?.run.state === 'running')
      await this.judgeSteps(
        places.id,
        places.run.run.spec.steps.map((step) => step.taskId),
      );
    const canBeMended = repair && found.length > 0 && places.unreadable === undefined;
    if (canBeMended && (await this.mend(places))) findings.mended(...found);
  }

  /** @returns false where the run has gone on since, or is not in memory as it should be */
  private async mend({ id, run: stored, expiresAt }: RunPlaces): Promise<boolean> {
    const { owner } = this.tools;
    const change = owner.state().change();
    const active = owner.state().activeRun(id);
    if (!stored) change.forget(id, []);
    else {
      if ((active !== undefined) !== (stored.run.state === 'running')) return false;
      const record = active?.record ?? stored.run;
      const progress = active?.progress() ?? stored.progress;
      change.writes.push({ kind: 'run', record, progress, isNew: true });
      if (active) change.rootReopened(id);
      else if (expiresAt === undefined)
        change.rootEnded(id, (record.endedAt ?? change.now) + owner.retentionMs(record.spec.namespace));
    }
    await owner.commit(change);
    return true;
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
