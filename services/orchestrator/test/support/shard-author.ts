import { WORKFLOW_STATES, TASK_STATES, type TaskState, type WorkflowState } from '@multiswarm/contracts';
import fc from 'fast-check';
import { textOf } from '../../src/application/event-batches';
import type { TaskRecord } from '../../src/domain/task/record';
import type { RunRecord } from '../../src/domain/workflow/run';
import type { ShardStore, TruthReader, Write } from '../../src/ports';
import { event, queuedTask, runOf, stepTaskId } from './builders';

const SHARD = 0;
const LONE = ['t0-00000001', 't0-00000002', 't0-00000003'];
const STEPS = [stepTaskId('a'), stepTaskId('b')];
const RUN = 'w0-00000001';
const ROOTS = [...LONE, RUN];

/** What an owner may do next; `commit` ends a batch. */
export type Act =
  | { act: 'task'; id: string; state: TaskState; order: number; note: number }
  | { act: 'event'; root: string }
  | { act: 'run'; state: WorkflowState; events: number }
  | { act: 'progress'; events: number }
  | { act: 'forget'; root: string }
  | { act: 'ended'; root: string; at: number | null }
  | { act: 'count'; state: string; by: number }
  | { act: 'commit' };

const act = <A extends Act['act']>(kind: A) => fc.constant(kind);
const root = fc.constantFrom(...ROOTS);

export const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: act('task'),
      id: fc.constantFrom(...LONE, ...STEPS),
      state: fc.constantFrom(...TASK_STATES),
      order: fc.nat(3),
      note: fc.nat(2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: act('event'), root }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: act('run'),
      state: fc.constantFrom(...WORKFLOW_STATES),
      events: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: act('progress'), events: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ act: act('forget'), root }) },
  { weight: 2, arbitrary: fc.record({ act: act('ended'), root, at: fc.option(fc.nat(9)) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: act('count'),
      state: fc.constantFrom('queued', 'failed'),
      by: fc.integer({ min: -2, max: 2 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: act('commit') }) },
);

/** Writes as an owner would: it knows what is stored, and says so with each write. */
export class ShardAuthor {
  readonly writes: Write[] = [];
  private readonly tasks = new Map<string, TaskRecord>();
  private run: RunRecord | undefined;
  private readonly events = new Map<string, number>();

  write(taken: Exclude<Act, { act: 'commit' }>): void {
    switch (taken.act) {
      case 'task':
        return this.writeTask(taken);
      case 'event': {
        const seq = (this.events.get(taken.root) ?? 0) + 1;
        this.events.set(taken.root, seq);
        this.writes.push({ kind: 'event', event: event(taken.root, seq) });
        return;
      }
      case 'run':
        return this.writeRun(taken.state, taken.events);
      case 'progress':
        if (this.run)
          this.writes.push({ kind: 'run-progress', runId: RUN, progress: progressOf(taken.events) });
        return;
      case 'forget':
        return this.forget(taken.root);
      case 'ended':
        if (taken.at === null) this.writes.push({ kind: 'root-reopened', root: taken.root });
        else this.writes.push({ kind: 'root-ended', root: taken.root, expiresAt: taken.at });
        return;
      case 'count':
        this.writes.push({ kind: 'count', state: taken.state, by: taken.by });
    }
  }

  private writeTask({ id, state, order, note }: Extract<Act, { act: 'task' }>): void {
    const before = this.tasks.get(id);
    const created = STEPS.includes(id)
      ? queuedTask(id, { workflowId: RUN, step: id })
      : queuedTask(id, { bodyHash: `hash of ${id}` });
    const purgedAt = note === 2 ? 1 : undefined;
    const own = { state, refusals: note, since: note, purgedAt };
    const record: TaskRecord = { ...(before ?? { ...created, order }), ...own };
    this.tasks.set(id, record);
    this.writes.push({ kind: 'task', record, isNew: before === undefined, was: before?.state });
  }

  private writeRun(state: WorkflowState, events: number): void {
    const isNew = this.run === undefined;
    this.run = { ...(this.run ?? runOf(RUN, { a: [], b: ['a'] })), state };
    this.writes.push({ kind: 'run', record: this.run, progress: progressOf(events), isNew });
  }

  private forget(forgotten: string): void {
    const taskIds = forgotten === RUN ? STEPS : [forgotten];
    for (const id of taskIds) this.tasks.delete(id);
    if (forgotten === RUN) this.run = undefined;
    this.events.delete(forgotten);
    this.writes.push({ kind: 'forget', root: forgotten, taskIds });
  }
}

function progressOf(events: number): { counts: Record<string, number>; cost: number; events: number } {
  return { counts: { queued: events }, cost: events / 10, events };
}

/** All that a store and its reader can be asked about what the author writes. */
export async function everything(store: ShardStore, truth: TruthReader): Promise<unknown> {
  const ids = [...LONE, ...STEPS];
  const { tasks, runs, endedSteps } = await store.loadActive(SHARD);
  const line = await store.waiting(SHARD, undefined, 100);
  return {
    active: { tasks: byId(tasks), runs, endedSteps: byId(endedSteps) },
    line,
    behind: await Promise.all(line.map((place) => store.waiting(SHARD, place, 2))),
    tasks: await store.tasks(SHARD, ids),
    run: await truth.run(SHARD, RUN),
    hashes: await store.bodyHashes(SHARD, [...ids, RUN]),
    expired: await store.expired(SHARD, 5, 10),
    histories: await Promise.all(ROOTS.map((each) => truth.history(SHARD, each))),
    counts: await truth.counts(SHARD),
    recent: await truth.recent('tasks', SHARD, undefined, 10),
    deadLetters: await truth.deadLetters(SHARD, undefined, 10),
    recentRuns: await truth.recent('workflows', SHARD, undefined, 10),
    outbox: (await store.outbox(SHARD, 0, 1_000)).map((each) => ({ ...each, text: textOf(each) })),
  };
}

function byId(records: readonly TaskRecord[]): TaskRecord[] {
  return [...records].sort((a, b) => (a.id < b.id ? -1 : 1));
}
