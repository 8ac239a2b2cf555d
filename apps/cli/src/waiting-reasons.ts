import type { Task, TaskPage } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import type { HttpApi } from './api/http-api';
import { paths } from './api/paths';
import type { Io } from './io';

/** Whatever can be placed at once is placed by then; a reason that is shown earlier would only flicker. */
const WAITS_AFTER_MS = 2_000;
/** How often a reason is asked for: it costs the service an explanation each time. */
const ASK_AGAIN_MS = 5_000;
const TASKS_ASKED = 20;

/** Says on stderr why a task waits, once it has waited a while and again when the reason is another one; until aborted. */
export async function sayWhyTaskWaits(api: HttpApi, id: string, io: Io, signal: AbortSignal): Promise<void> {
  let said: string | undefined;
  try {
    for (let pauseMs = WAITS_AFTER_MS; ; pauseMs = ASK_AGAIN_MS) {
      await delay(io.clock, pauseMs, signal);
      const reason = await taskReason(api, id, signal);
      if (reason !== undefined && reason !== said) io.stderr.write(`waiting: ${reason}\n`);
      said = reason ?? said;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Undefined also when nobody answers: whoever waits for the end of the task says that. */
async function taskReason(api: HttpApi, id: string, signal: AbortSignal): Promise<string | undefined> {
  const task = await api.get<Task>(paths.task(id), { signal }).catch(() => undefined);
  return task?.waiting?.detail;
}

/** Why the queued steps of a workflow wait: the first reason, and how many others there are. */
async function workflowReason(
  api: HttpApi,
  workflow: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = { workflow, state: 'queued', limit: TASKS_ASKED };
  const { items } = await api.get<TaskPage>(paths.tasks, { query, signal });
  const [first, ...others] = new Set(items.flatMap(({ waiting }) => waiting?.detail ?? []));
  if (first === undefined || others.length === 0) return first;
  return `${first} (and ${others.length} other ${others.length === 1 ? 'reason' : 'reasons'})`;
}

/** Keeps at hand why nothing of a workflow runs although steps are queued, for whoever draws it. */
export class StalledWorkflow {
  private idleSince: number | undefined;
  private askedAt = -Infinity;
  private known: string | undefined;

  constructor(
    private readonly api: HttpApi,
    private readonly id: string,
    private readonly io: Io,
  ) {}

  /** Undefined while something runs, and as long as nobody knows. */
  get reason(): string | undefined {
    return this.known;
  }

  /** Nothing waits any longer. */
  over(): void {
    this.idleSince = undefined;
    this.known = undefined;
  }

  /** To be called often, with the states of the steps: asks the service only now and then. */
  async look(states: Readonly<Record<string, number>>, signal: AbortSignal): Promise<void> {
    const runs = (states['running'] ?? 0) + (states['assigned'] ?? 0) > 0;
    if (runs || (states['queued'] ?? 0) === 0) {
      this.over();
      return;
    }
    const now = this.io.clock.monotonic();
    this.idleSince ??= now;
    if (now - this.idleSince < WAITS_AFTER_MS || now - this.askedAt < ASK_AGAIN_MS) return;
    this.askedAt = now;
    const idleSince = this.idleSince;
    const reason = await workflowReason(this.api, this.id, signal).catch(() => this.known);
    // What began to run meanwhile waits no longer.
    if (this.idleSince === idleSince) this.known = reason;
  }
}
