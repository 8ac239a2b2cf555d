import type { Task, TaskPage } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import type { HttpApi } from './api/http-api';
import { paths } from './api/paths';
import type { Io } from './io';

/** Whatever can be placed at once is placed by then; a reason that is shown earlier would only flicker. */
export const WAITS_AFTER_MS = 2_000;
/** How often a reason is asked for: it costs the service an explanation each time. */
export const ASK_AGAIN_MS = 5_000;
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
export async function workflowReason(
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
