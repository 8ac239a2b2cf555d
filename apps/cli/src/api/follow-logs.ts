import type { TaskLogs } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import type { Io } from '../io';
import { isPassing, PATIENCE_MS } from './await-end';
import type { HttpApi } from './http-api';
import { paths } from './paths';

export interface FollowLogsOptions {
  attempt?: number | undefined;
  after?: string | undefined;
  /** Ends with what is there where it is false, else with the task. */
  follow: boolean;
  /** One request is held so long at most. */
  holdMs?: number;
  signal: AbortSignal;
}

const HOLD_MS = 15_000;
const RETRY_MS = 500;
const ITEMS = 500;

/** What the attempts of a task say, page by page, over restarts of the service. */
export async function* followLogs(
  api: HttpApi,
  id: string,
  { attempt, after, follow, holdMs = HOLD_MS, signal }: FollowLogsOptions,
  io: Io,
): AsyncGenerator<TaskLogs> {
  let lastAnswer = io.clock.monotonic();
  for (let place = after; ;) {
    const query = { attempt, after: place, limit: ITEMS };
    try {
      const page = await api.get<TaskLogs>(paths.taskLogs(id), {
        query,
        signal,
        ...(follow ? { waitMs: holdMs } : {}),
      });
      lastAnswer = io.clock.monotonic();
      place = page.next;
      yield page;
      if (page.ended || (!follow && page.items.length === 0)) return;
    } catch (error) {
      if (!follow || !isPassing(error) || io.clock.monotonic() - lastAnswer > PATIENCE_MS) throw error;
      await delay(io.clock, RETRY_MS, signal);
    }
  }
}
