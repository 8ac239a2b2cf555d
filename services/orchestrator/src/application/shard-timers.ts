import { delay, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { TaskRecord } from '../domain/task/record';
import type { DueTimes } from './due-times';

/** What has become due while Redis did not answer is looked at again after this. */
export const RETRY_DUE_MS = 1_000;
const RETRY_STREAM_MS = { first: 100, most: 2_000 };

export interface TimersParts {
  shard: number;
  due: DueTimes;
  clock: Clock;
  logger: Logger;
  /** Whether nobody looks at the timers of this owner any more. */
  isClosed: () => boolean;
  /** Commits what has become due. */
  pass: (ids: string[]) => Promise<void>;
}

/** What waits for Redis where the time of tasks has come, or their timers are to be set: no timer is lost by it. */
export class ShardTimers {
  constructor(private readonly parts: TimersParts) {}

  async passed(ids: string[]): Promise<void> {
    const { shard, due, clock, logger, isClosed, pass } = this.parts;
    try {
      await pass(ids);
    } catch (error) {
      if (isClosed()) return; // the next owner arms the timers anew
      logger.warn('timers wait for Redis', { shard, error });
      for (const id of ids) if (!due.has(id)) due.set(id, clock.now() + RETRY_DUE_MS);
    }
  }

  /** Timers of tasks that waited when this owner took over: without them nobody would look at these tasks again. */
  async stream(
    pages: () => AsyncIterable<TaskRecord[]>,
    watch: (records: TaskRecord[]) => void,
  ): Promise<void> {
    const { shard, clock, logger, isClosed } = this.parts;
    for (
      let wait: number = RETRY_STREAM_MS.first;
      !isClosed();
      wait = Math.min(RETRY_STREAM_MS.most, wait * 2)
    ) {
      try {
        for await (const page of pages()) {
          if (isClosed()) return;
          watch(page);
        }
        return;
      } catch (error) {
        logger.warn('reading waiting tasks waits for Redis', { shard, error });
        await delay(clock, wait);
      }
    }
  }
}
