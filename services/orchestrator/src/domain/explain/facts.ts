import type { Capacity, StandingReply, Swarm, TaskState } from '@multiswarm/contracts';
import type { TaskRecord } from '../task/record';

/** All that is known about a task when somebody asks. What nobody could be asked for is undefined. */
export interface Facts {
  record: TaskRecord;
  /** Epoch ms. */
  now: number;
  /** Of a task that may be placed: what the scheduler says. */
  standing?: StandingReply | undefined;
  /** Of the same: what the load-balancer says. */
  capacity?: Capacity | undefined;
  /** Of a blocked step: the steps before it that have not ended. */
  stepsBefore?: StepBefore[] | undefined;
  /** Of a task that a swarm has, or is about to get: that swarm, as its heartbeats tell. */
  swarm?: Swarm | undefined;
  /** Of the same: for how long nobody has spoken for its region, where that is too long. */
  regionSilentMs?: number | undefined;
}

export interface StepBefore {
  id: string;
  taskId: string;
  state: TaskState;
}
