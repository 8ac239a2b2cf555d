import type { Capacity, StandingReply, Swarm } from '@multiswarm/contracts';
import type { StepBlock } from '../task/own-reason';
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
  /** Of a blocked step. */
  block?: StepBlock | undefined;
  /** Of a task that a swarm has, or is about to get: that swarm, as its heartbeats tell. */
  swarm?: Swarm | undefined;
  /** Of the same: for how long nobody has spoken for its region, where that is too long. */
  regionSilentMs?: number | undefined;
}
