import { MultiswarmError, shardOf, workflowId, keyedUnique, type WorkflowState } from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import type { TruthReader } from '../ports';
import type { ScheduledRuns, StoredSchedule } from '../schedule-ports';
import type { Ends } from './ends';
import type { Gateway } from './gateway';
import { keyOf, submissionOf } from './schedule-terms';

export interface ScheduleRunsParts {
  gateway: Pick<Gateway, 'submitWorkflow' | 'tellWorkflow'>;
  truth: Pick<TruthReader, 'run' | 'runState'>;
  ends: Pick<Ends, 'newsOf'>;
  /** Somebody waits for something in this shard, for the next seconds. */
  listenTo(shard: number): void;
  newTrace(): string;
  shards: number;
  clock: Clock;
}

/** More often than those who listen are forgotten. */
const LISTEN_MS = 5_000;
/** Who waits longer looks by itself, and waits again. */
const WAIT_MS = 24 * 3_600_000;

/** The runs that schedules start, on this replica. */
export function scheduleRuns(parts: ScheduleRunsParts): ScheduledRuns {
  const { gateway, truth, ends, shards, clock } = parts;
  return {
    submit: async (schedule, at) => {
      try {
        const trace = parts.newTrace();
        const { id } = await gateway.submitWorkflow(submissionOf(schedule, at), trace, schedule.name);
        return id;
      } catch (error) {
        const id = runIdOf(schedule, at, shards);
        if (isConflict(error) && (await isOf(truth, schedule.name, id, shards))) return id;
        throw error;
      }
    },
    state: async (id): Promise<WorkflowState | undefined> => {
      const shard = shardOf(id, shards);
      return shard === undefined ? undefined : truth.runState(shard, id);
    },
    cancel: async (id, reason) => {
      try {
        await gateway.tellWorkflow(id, { kind: 'cancel', reason, requestedBy: 'scheduler' });
      } catch (error) {
        if (error instanceof MultiswarmError && !error.retryable) return; // it has ended, or is gone
        throw error;
      }
    },
    onEnd: (id, heard): Cancel => {
      const shard = shardOf(id, shards);
      const gone = new AbortController();
      const listen = () => shard !== undefined && parts.listenTo(shard);
      listen();
      const stop = every(clock, LISTEN_MS, () => void listen());
      const news = ends.newsOf(id, gone.signal);
      void news.wait(WAIT_MS).then(() => {
        news.stop();
        if (!gone.signal.aborted) heard();
      });
      return () => {
        stop();
        gone.abort();
      };
    },
  };
}

/** The id that the run for a time has, or will have. */
export function runIdOf(
  { namespace, name }: Pick<StoredSchedule, 'namespace' | 'name'>,
  at: number,
  shards: number,
): string {
  const { unique, hash } = keyedUnique('workflow', namespace, keyOf(name, at));
  return workflowId(hash % shards, unique);
}

function isConflict(error: unknown): boolean {
  return error instanceof MultiswarmError && error.code === 'idempotency-conflict';
}

/** The run was started before the schedule was changed. */
async function isOf(
  truth: ScheduleRunsParts['truth'],
  name: string,
  id: string,
  shards: number,
): Promise<boolean> {
  const shard = shardOf(id, shards);
  const found = shard === undefined ? undefined : await truth.run(shard, id);
  return found?.run.spec.schedule === name;
}
