import { NobodyListensError, type Bus } from '@multiswarm/bus';
import { ControlReply, DispatchReply, MultiswarmError, ReportReply, subjects } from '@multiswarm/contracts';
import { z } from 'zod';
import type { Owners, Regions, Swarms } from '../../ports';
import { say } from './ports';

const DISPATCH_TIMEOUT_MS = 4_000;
const SWARM_TIMEOUT_MS = 2_000;

/** Coordinators, as owners and operators ask them over NATS. */
export function busRegions(bus: Bus): Regions {
  return {
    dispatch: async (region, request) => {
      const reply = await bus
        .request(subjects.regionDispatch(region), request, {
          reply: DispatchReply,
          timeoutMs: DISPATCH_TIMEOUT_MS,
        })
        .catch(asRegionFault(region));
      return reply.outcomes;
    },
    control: async (region, swarmId, control) => {
      const body = { v: 1, swarmId, control };
      await bus
        .request(subjects.regionControl(region), body, { reply: z.null(), timeoutMs: DISPATCH_TIMEOUT_MS })
        .catch(asRegionFault(region));
    },
  };
}

/** Swarms, as their coordinator asks them over NATS. */
export function busSwarms(bus: Bus): Swarms {
  return {
    dispatch: async (swarmId, request) => {
      const options = { reply: DispatchReply, timeoutMs: SWARM_TIMEOUT_MS };
      const reply = await bus
        .request(subjects.swarmTasks(swarmId), request, options)
        .catch((error: unknown) => {
          if (!(error instanceof NobodyListensError)) throw error;
          const message = `swarm ${swarmId} does not listen for tasks`;
          throw new MultiswarmError('swarm-not-found', message, { cause: error });
        });
      return reply.outcomes;
    },
    control: async (swarmId, control) => {
      const options = { reply: ControlReply, timeoutMs: SWARM_TIMEOUT_MS };
      await bus.request(subjects.swarmControl(swarmId), control, options);
    },
    dismiss: (swarmId, instance, reason) => {
      say(bus, subjects.swarmDismissed(swarmId), { v: 1, instance, reason });
    },
  };
}

/** Owners of shards, as coordinators tell them over NATS what is lost. */
export function busOwners(bus: Bus): Owners {
  return {
    report: async (shard, losses) => {
      const { acks } = await bus.request(
        subjects.shardReport(shard),
        { v: 1, ...losses },
        { reply: ReportReply },
      );
      return acks;
    },
  };
}

/** "Nobody listens" on a region's subject means that it has no coordinator right now. */
function asRegionFault(region: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof NobodyListensError)) throw error;
    const message = `region ${region} has no coordinator right now`;
    throw new MultiswarmError('region-unavailable', message, { cause: error });
  };
}
