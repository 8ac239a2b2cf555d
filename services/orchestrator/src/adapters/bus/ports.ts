import { Printed, type Bus } from '@multiswarm/bus';
import {
  ControlReply,
  DispatchReply,
  ExplainReply,
  MultiswarmError,
  PlaceReply,
  ReportReply,
  subjects,
  type AttemptRef,
  type AttemptReport,
  type LbReport,
  type PlaceItem,
} from '@multiswarm/contracts';
import { z } from 'zod';
import type { EventStream, Owners, Placer, Regions, Swarms, WaitingReasons } from '../../ports';

const PLACE_TIMEOUT_MS = 2_000;
const DISPATCH_TIMEOUT_MS = 4_000;
const SWARM_TIMEOUT_MS = 2_000;
const EXPLAIN_TIMEOUT_MS = 500;

/** What the orchestrator asks of others, over NATS. */
export function busPlacer(bus: Bus): Placer {
  return {
    place: async (epoch, items: PlaceItem[]) => {
      const reply = await bus.request(
        subjects.lbPlace(),
        { v: 1, epoch, items },
        { reply: PlaceReply, timeoutMs: PLACE_TIMEOUT_MS },
      );
      return reply.results;
    },
    report: (outcomes) => {
      // Lost reports are made good: a reservation expires, and heartbeats say what is held.
      if (bus.connected) bus.publish(subjects.lbReport(), { v: 1, outcomes } satisfies LbReport);
    },
  };
}

export function busRegions(bus: Bus): Regions {
  return {
    dispatch: async (region, shard, epoch, attempts) => {
      const reply = await bus.request(
        subjects.regionDispatch(region),
        { v: 1, shard, epoch, attempts },
        { reply: DispatchReply, timeoutMs: DISPATCH_TIMEOUT_MS },
      );
      return reply.outcomes;
    },
    cancel: async (region, swarmId, attempts) => {
      await bus.request(
        subjects.regionControl(region),
        { v: 1, swarmId, control: { v: 1, kind: 'cancel', attempts } },
        { reply: z.null(), timeoutMs: DISPATCH_TIMEOUT_MS },
      );
    },
  };
}

export function busSwarms(bus: Bus): Swarms {
  return {
    dispatch: async (swarmId, shard, epoch, attempts) => {
      const reply = await bus.request(
        subjects.swarmTasks(swarmId),
        { v: 1, shard, epoch, attempts },
        { reply: DispatchReply, timeoutMs: SWARM_TIMEOUT_MS },
      );
      return reply.outcomes;
    },
    cancel: async (swarmId, attempts: (AttemptRef & { reason: string })[]) => {
      await bus.request(
        subjects.swarmControl(swarmId),
        { v: 1, kind: 'cancel', attempts },
        { reply: ControlReply, timeoutMs: SWARM_TIMEOUT_MS },
      );
    },
    dismiss: (swarmId, instance, reason) => {
      if (bus.connected) bus.publish(subjects.swarmDismissed(swarmId), { v: 1, instance, reason });
    },
  };
}

export function busOwners(bus: Bus): Owners {
  return {
    report: async (shard, swarmId, reports: AttemptReport[]) => {
      await bus.request(subjects.shardReport(shard), { v: 1, swarmId, reports }, { reply: ReportReply });
    },
  };
}

export function busEventStream(bus: Bus): EventStream {
  return {
    publish: async ({ shard, batchSeq, text }) => {
      await bus.publishStored(subjects.event(shard), new Printed(text), {
        messageId: `${shard}.${batchSeq}`,
      });
    },
  };
}

/** Asks the scheduler, wherever it runs. */
export function busWaitingReasons(bus: Bus): WaitingReasons {
  return {
    explain: async (taskIds) => {
      const reply = await bus.request(
        subjects.schedulerExplain(),
        { v: 1, taskIds },
        { reply: ExplainReply, timeoutMs: EXPLAIN_TIMEOUT_MS },
      );
      return reply.waiting;
    },
  };
}

/** "Nobody listens" on a shard's subject means that it has no owner right now. */
export function asShardFault(error: unknown, shard: number): unknown {
  if (error instanceof MultiswarmError && error.code === 'bus-unavailable') {
    return new MultiswarmError('shard-unavailable', `shard ${shard} has no owner right now`, {
      cause: error,
    });
  }
  return error;
}
