import {
  isTerminal,
  MultiswarmError,
  shardOf,
  type CountTasksQuery,
  type Event,
  type EventPage,
  type HistoryQuery,
  type ListTasksQuery,
  type ListWorkflowsQuery,
  type Task,
  type TaskCounts,
  type TaskPage,
  type TaskSummary,
  type Waiting,
  type Workflow,
  type WorkflowPage,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { taskSummary, taskView } from '../domain/task/view';
import { blockReason } from '../domain/task/own-reason';
import { isBlockedBySteps, type TaskRecord } from '../domain/task/record';
import { withOutlook } from '../domain/workflow/outlook';
import type { RunRecord } from '../domain/workflow/run';
import { resultView, workflowSummary, workflowView } from '../domain/workflow/view';
import type { TruthReader, WaitingReasons } from '../ports';
import type { Ended, Ends } from './ends';
import type { Earlier } from './intake';
import type { TaskLists } from './task-lists';
import { LearnedDurations } from './durations';
import { historyPage } from './history-page';
import { stepBlock } from './step-block';
import { decodeCursor, encodeCursor, newestFirst, type Position } from './pages';

/** Without news of the bus a waiting reader looks for itself this often. */
const LOOK_AGAIN_MS = 1_000;
const SCAN_PAGE = 200;
/** Of a history, where it has to fit into a message. */
const EVENTS_AT_ONCE = 2_000;

/** What is known of shards without asking Redis. */
export interface LocalShards {
  /** Somebody waits for an end in this shard: its events are worth hearing for a while. */
  listenTo(shard: number): void;
  /** Whether the owner of the shard is in this process and has the task or run in memory, not ended. */
  isOpen(shard: number, id: string): boolean;
}

const NOTHING_HERE: LocalShards = { listenTo: () => undefined, isOpen: () => false };

/** Reads of committed truth, on any replica. */
export class Reads {
  constructor(
    private readonly truth: TruthReader,
    private readonly lists: TaskLists,
    private readonly reasons: WaitingReasons,
    private readonly shards: number,
    private readonly clock: Clock,
    private readonly ends: Ends,
    private readonly here: LocalShards = NOTHING_HERE,
    private readonly durations = new LearnedDurations(),
  ) {}

  /** @param waitMs holds the answer until the task has ended, at most so long */
  async task(id: string, waitMs: number, signal?: AbortSignal): Promise<Task> {
    const shard = this.shard(id, 'task-not-found');
    const record = await this.until(
      id,
      waitMs,
      signal,
      async () => {
        const found = await this.truth.task(shard, id);
        if (!found)
          throw new MultiswarmError(
            'task-not-found',
            `there is no task "${id}" (or its retention has passed)`,
          );
        return asTold(found);
      },
      (ended) => (ended.kind === 'task' ? asTold(ended.record) : undefined),
    );
    const waiting = isBlockedBySteps(record)
      ? blockReason(record, await stepBlock(this.truth, this.shard(id, 'task-not-found'), record))
      : (await this.waitingOf([record]))[id];
    return taskView(record, waiting);
  }

  /**
   * A task as it was committed.
   * @throws MultiswarmError `task-not-found`
   */
  async record(id: string): Promise<TaskRecord> {
    const found = await this.truth.task(this.shard(id, 'task-not-found'), id);
    if (!found)
      throw new MultiswarmError('task-not-found', `there is no task "${id}" (or its retention has passed)`);
    return found;
  }

  /** @param resultOnly of a run that has succeeded no steps and nothing that is expected of it: whoever waits for its result asks for neither */
  async workflow(
    id: string,
    waitMs: number,
    { signal, resultOnly }: { signal?: AbortSignal; resultOnly?: boolean | undefined } = {},
  ): Promise<Workflow> {
    const shard = this.shard(id, 'workflow-not-found');
    const { run, steps } = await this.until<{ run: RunRecord; steps: Tasks }>(
      id,
      waitMs,
      signal,
      async () => {
        const found = await this.truth.run(shard, id);
        if (!found)
          throw new MultiswarmError(
            'workflow-not-found',
            `there is no workflow "${id}" (or its retention has passed)`,
          );
        return { value: { run: found.run, steps: NO_TASKS }, ended: found.run.state !== 'running' };
      },
      (ended) =>
        ended.kind === 'run' ? { value: { run: ended.record, steps: ended.steps }, ended: true } : undefined,
    );
    const tasks = await this.tasksOf(shard, run, steps);
    if (resultOnly === true && run.state === 'succeeded') return resultView(run, tasks);
    const sight = { now: this.clock.now(), learned: this.durations.of(run.spec.namespace) };
    return withOutlook(workflowView(run, tasks), run, tasks, sight);
  }

  /** The tasks of a run's steps. @param known need not be read */
  private async tasksOf(shard: number, { spec }: RunRecord, known: Tasks): Promise<Tasks> {
    const ids = spec.steps.map(({ taskId }) => taskId);
    const unknown = known.size === 0 ? ids : ids.filter((id) => !known.has(id));
    if (unknown.length === 0) return known;
    const tasks = new Map(known);
    for (const record of await this.truth.tasks(shard, unknown)) if (record) tasks.set(record.id, record);
    return tasks;
  }

  /**
   * A run to be repeated.
   * @param event the number of the event from which the repetition goes on: undefined for now
   * @throws MultiswarmError `workflow-not-found`
   */
  async earlierRun(id: string, event: number | undefined): Promise<Earlier> {
    const shard = this.shard(id, 'workflow-not-found');
    const found = await this.truth.run(shard, id);
    if (!found)
      throw new MultiswarmError(
        'workflow-not-found',
        `there is no workflow "${id}" (or its retention has passed)`,
      );
    const { run } = found;
    const tasks = await this.tasksOf(shard, run, NO_TASKS);
    if (event === undefined) return { run, tasks };
    const history = await this.truth.history(shard, id, { after: 0, most: event });
    const succeeded = history.filter(({ type }) => type === 'task.succeeded');
    return { run, tasks, succeededThen: new Set(succeeded.map(({ step = '' }) => step)) };
  }

  async tasks(query: ListTasksQuery): Promise<TaskPage> {
    const { items, next } = await this.lists.page(query);
    const waiting = await this.waitingOf(items);
    return { items: items.map((record): TaskSummary => taskSummary(record, waiting[record.id])), next };
  }

  taskCounts(query: CountTasksQuery): Promise<TaskCounts> {
    return this.lists.counts(query);
  }

  async workflows(query: ListWorkflowsQuery): Promise<WorkflowPage> {
    const scan = newestFirst('workflows', this.truth, this.shards, decodeCursor(query.cursor), SCAN_PAGE);
    const items: WorkflowPage['items'] = [];
    let last: Position | undefined;
    for await (const position of scan) {
      const found = await this.truth.run(this.shard(position.id, 'workflow-not-found'), position.id);
      last = position;
      if (!found) continue;
      const { state, spec } = found.run;
      if ((query.state ?? state) !== state || (query.namespace ?? spec.namespace) !== spec.namespace)
        continue;
      items.push(workflowSummary(found.run, found.progress));
      if (items.length === query.limit) return { items, next: encodeCursor(last) };
    }
    return { items, next: null };
  }

  /** The history of a task or a run, oldest first; for a step, its own events out of those of its run. */
  async events(id: string, asked: HistoryQuery = {}, mostBytes = Infinity): Promise<EventPage> {
    const limit = asked.limit ?? (mostBytes === Infinity ? undefined : EVENTS_AT_ONCE);
    const part = { after: asked.after, limit };
    const events = id.startsWith('w') ? await this.eventsOfRun(id, part) : await this.eventsOfTask(id);
    return historyPage(events, part, mostBytes);
  }

  private async eventsOfRun(id: string, { after = 0, limit }: HistoryQuery): Promise<Event[]> {
    const shard = this.shard(id, 'workflow-not-found');
    // One more, by which a page knows that it is not the last.
    const part = { after, most: (limit ?? Infinity) + 1 };
    const events = await this.truth.history(shard, id, limit === undefined ? undefined : part);
    if (events.length > 0 || (after > 0 && (await this.truth.run(shard, id)))) return events;
    throw new MultiswarmError(
      'workflow-not-found',
      `there is no workflow "${id}" (or its retention has passed)`,
    );
  }

  private async eventsOfTask(id: string): Promise<Event[]> {
    const shard = this.shard(id, 'task-not-found');
    const record = await this.truth.task(shard, id);
    if (!record)
      throw new MultiswarmError('task-not-found', `there is no task "${id}" (or its retention has passed)`);
    const { workflowId } = record.spec;
    const events = await this.truth.history(shard, workflowId ?? id);
    return workflowId === undefined ? events : events.filter((event) => event.taskId === id);
  }

  /** Tasks by state: present ones as they are, ended ones as counted since the data was made. */
  async counts(): Promise<Record<string, number>> {
    const all = await Promise.all(
      Array.from({ length: this.shards }, (_, shard) => this.truth.counts(shard)),
    );
    const sums: Record<string, number> = {};
    for (const counts of all)
      for (const [state, count] of Object.entries(counts)) sums[state] = (sums[state] ?? 0) + count;
    return sums;
  }

  private async waitingOf(records: readonly TaskRecord[]): Promise<Record<string, Waiting>> {
    const queued = records.filter((record) => record.state === 'queued').map((record) => record.id);
    if (queued.length === 0) return {};
    return this.reasons.explain(queued).catch(() => ({})); // the scheduler is moving: the state is still true, only the reason is missing
  }

  private async until<T>(
    id: string,
    waitMs: number,
    signal: AbortSignal | undefined,
    look: () => Promise<Told<T>>,
    /** What need not be looked for, since it came with the news. */
    read: (ended: Ended) => Told<T> | undefined,
  ): Promise<T> {
    let known: Told<T> | undefined;
    const deadline = this.clock.monotonic() + waitMs;
    const waits = (): boolean => this.clock.monotonic() < deadline && signal?.aborted !== true;
    const shard = shardOf(id, this.shards);
    for (;;) {
      if (waitMs > 0 && shard !== undefined) this.here.listenTo(shard);
      const news = this.ends.newsOf(id, signal);
      try {
        if (!this.isOpen(id, shard) || known || !waits()) {
          const { value, ended } = known ?? (await look());
          if (ended || !waits()) return value;
        }
        const ended = await news.wait(Math.min(deadline - this.clock.monotonic(), LOOK_AGAIN_MS));
        known = ended && read(ended);
      } finally {
        news.stop();
      }
    }
  }

  /** What has not ended where it is owned need not be looked for, as long as its end is waited for. */
  private isOpen(id: string, shard: number | undefined): boolean {
    return shard !== undefined && this.here.isOpen(shard, id);
  }

  private shard(id: string, code: 'task-not-found' | 'workflow-not-found'): number {
    const shard = shardOf(id, this.shards);
    if (shard === undefined) throw new MultiswarmError(code, `there is no "${id}"`);
    return shard;
  }
}

type Tasks = ReadonlyMap<string, TaskRecord>;

const NO_TASKS: Tasks = new Map();

interface Told<T> {
  value: T;
  ended: boolean;
}

function asTold(record: TaskRecord): Told<TaskRecord> {
  return { value: record, ended: isTerminal(record.state) };
}
