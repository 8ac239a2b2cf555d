import { isObject, matchesPattern, type Event } from '@multiswarm/contracts';
import { EXIT, Fault } from '../faults';
import type { Archived } from './read';

/** What the events of a task tell of it. Its input, its output and what it needs are in no event. */
export interface ArchivedTask {
  id: string;
  type?: string;
  namespace: string;
  state: string;
  priority?: string;
  /** ISO 8601. Missing where the event is in no archive that was read. */
  createdAt?: string;
  startedAt?: string;
  endedAt?: string;
  attempt: number;
  swarmId?: string;
  region?: string;
  workflowId?: string;
  step?: string;
  error?: { code: string; message: string };
  /** Events of it that were read. */
  events: number;
}

export interface TaskConditions {
  /** Any of these; the same of what follows. */
  state?: readonly string[] | undefined;
  type?: readonly string[] | undefined;
  namespace?: readonly string[] | undefined;
  swarm?: readonly string[] | undefined;
  region?: readonly string[] | undefined;
  code?: readonly string[] | undefined;
  workflow?: string | undefined;
}

/** Tasks that are kept in memory for a list. */
const MOST_TASKS = 1_000_000;

/** What leaves the state as it is. */
const BESIDE: ReadonlySet<string> = new Set(
  ['cancel-requested', 'paused', 'resumed', 'signalled', 'progress', 'purged', 'lost', 'refused'].map(
    (fact) => `task.${fact}`,
  ),
);
const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'expired', 'skipped']);

/** A task, and the numbers of the events that have told its state, its attempt and its place: a later one counts. */
interface Entry {
  task: ArchivedTask;
  state: number;
  attempt: number;
  place: number;
}

/** Puts tasks together from their events, in whatever order those come. */
export class ArchivedTasks {
  private readonly tasks = new Map<string, Entry>();

  constructor(private readonly most = MOST_TASKS) {}

  /** @throws Fault where there are more tasks than a list can be made of */
  take(line: Archived): void {
    if (line.kind !== 'event' || line.event.taskId === undefined) return;
    const { event } = line;
    const { taskId: id = '', namespace } = event;
    let entry = this.tasks.get(id);
    if (!entry) {
      if (this.tasks.size === this.most) throw tooMany(this.most);
      entry = {
        task: { id, namespace, state: 'blocked', attempt: 0, events: 0 },
        state: 0,
        attempt: 0,
        place: 0,
      };
      this.tasks.set(id, entry);
    }
    entry.task.events += 1;
    learn(entry.task, event);
    place(entry, event);
    move(entry, event);
  }

  /** Newest first. */
  list({ state, type, namespace, swarm, region, code, workflow }: TaskConditions): ArchivedTask[] {
    const all = [...this.tasks.values()].map(({ task }) => task);
    return all
      .filter((task) => isAnyOf(state, task.state) && isAnyOf(namespace, task.namespace))
      .filter((task) => isAnyOf(type, task.type) && isAnyOf(code, task.error?.code))
      .filter((task) => isAnyOf(swarm, task.swarmId) && isAnyOf(region, task.region))
      .filter((task) => (workflow ?? task.workflowId) === task.workflowId)
      .sort((a, b) => ((a.createdAt ?? '') < (b.createdAt ?? '') ? 1 : -1));
  }
}

function isAnyOf(wanted: readonly string[] | undefined, value: string | undefined): boolean {
  if (wanted === undefined) return true;
  return value !== undefined && wanted.some((pattern) => matchesPattern(pattern, value));
}

/** What is so whenever it is said. */
function learn(task: ArchivedTask, { type, at, data, workflowId, step }: Event): void {
  if (workflowId !== undefined) task.workflowId = workflowId;
  if (step !== undefined) task.step = step;
  if (type === 'task.running') task.startedAt = earlier(task.startedAt, new Date(at).toISOString());
  if (type !== 'task.submitted') return;
  task.createdAt = new Date(at).toISOString();
  if (typeof data?.['type'] === 'string') task.type = data['type'];
  if (typeof data?.['priority'] === 'string') task.priority = data['priority'];
}

function earlier(one: string | undefined, other: string): string {
  return one !== undefined && one < other ? one : other;
}

function place(entry: Entry, { seq, attempt, swarmId, region }: Event): void {
  const { task } = entry;
  if (attempt !== undefined && seq > entry.attempt) {
    task.attempt = attempt;
    entry.attempt = seq;
  }
  if (swarmId === undefined || seq <= entry.place) return;
  task.swarmId = swarmId;
  if (region !== undefined) task.region = region;
  entry.place = seq;
}

function move(entry: Entry, { seq, type, at, data }: Event): void {
  if (BESIDE.has(type) || seq <= entry.state) return;
  const { task } = entry;
  entry.state = seq;
  const fact = type.slice(type.indexOf('.') + 1);
  task.state = fact === 'submitted' || fact === 'retried' ? 'blocked' : fact;
  delete task.endedAt;
  delete task.error;
  if (!ENDS.has(fact)) return;
  task.endedAt = new Date(at).toISOString();
  const error = data?.['error'];
  if (!isObject(error)) return;
  const { code, message } = error;
  if (typeof code === 'string' && typeof message === 'string') task.error = { code, message };
}

function tooMany(most: number): Fault {
  return new Fault(`there are more than ${most} tasks in these archives`, {
    code: 'too-many-tasks',
    exit: EXIT.usage,
    hint: 'give fewer files, or make archives of a shorter time or of one namespace',
  });
}
