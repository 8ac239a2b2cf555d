import type { Bus } from '@multiswarm/bus';
import {
  CensusReply,
  CensusRequest,
  ExplainReply,
  ExplainRequest,
  GrantReply,
  SchedulerChanges,
  SchedulerChangesReply,
  StandingReply,
  StandingRequest,
  subjects,
} from '@multiswarm/contracts';
import type { GrantGate } from '../../application/grant-gate';
import type { SchedulerFace } from '../../application/scheduler-role';
import type { GrantPort, Standings, WaitingReasons } from '../../ports';
import { asShardFault, say } from './ports';

const CHANGES_TIMEOUT_MS = 2_000;
/** A grant is answered after its commit. */
const GRANT_TIMEOUT_MS = 5_000;
const EXPLAIN_TIMEOUT_MS = 500;

/** The subjects of the scheduler, where it is in this process. */
export function schedulerFace(bus: Bus): SchedulerFace {
  return {
    open: (desk) => {
      const listening = [
        bus.respond(subjects.schedulerChanges(), { request: SchedulerChanges }, (changes) =>
          Promise.resolve(desk.take(changes)),
        ),
        bus.respond(subjects.schedulerExplain(), { request: ExplainRequest }, async ({ taskIds }) => ({
          v: 1,
          waiting: await desk.explain(taskIds),
          queued: desk.queued,
        })),
        bus.respond(subjects.schedulerStanding(), { request: StandingRequest }, ({ taskId }) =>
          Promise.resolve(desk.standing(taskId)),
        ),
        bus.respond(subjects.schedulerCensus(), { request: CensusRequest }, (asked) =>
          Promise.resolve(desk.census(asked)),
        ),
      ];
      return () => listening.forEach((each) => each.stop());
    },
    announce: (active) => say(bus, subjects.schedulerActive(), active),
  };
}

/** Tells the scheduler, wherever it runs, what has changed in a shard. */
export function busSchedulerChanges(bus: Bus) {
  return (changes: SchedulerChanges): Promise<SchedulerChangesReply> =>
    bus.request(subjects.schedulerChanges(), changes, {
      reply: SchedulerChangesReply,
      timeoutMs: CHANGES_TIMEOUT_MS,
    });
}

/** Grants for the owner of a shard: in this process, or wherever it is. */
export function grantPort(bus: Bus, local: (shard: number) => GrantGate | undefined): GrantPort {
  return {
    grant: async (shard, request) => {
      const gate = local(shard);
      if (gate) return { v: 1, refused: await gate.grant(request) };
      try {
        return await bus.request(subjects.shardGrant(shard), request, {
          reply: GrantReply,
          timeoutMs: GRANT_TIMEOUT_MS,
        });
      } catch (error) {
        throw asShardFault(error, shard);
      }
    },
  };
}

/** Asks the scheduler, wherever it runs, how a task stands. */
export function busStandings(bus: Bus): Standings {
  return {
    standing: (taskId) =>
      bus.request(
        subjects.schedulerStanding(),
        { v: 1, taskId },
        { reply: StandingReply, timeoutMs: EXPLAIN_TIMEOUT_MS },
      ),
  };
}

/** Asks the scheduler, wherever it runs, what it has of a shard. */
export function busCensus(bus: Bus) {
  return (asked: CensusRequest): Promise<CensusReply> =>
    bus.request(subjects.schedulerCensus(), asked, { reply: CensusReply, timeoutMs: CHANGES_TIMEOUT_MS });
}

/** Asks the scheduler, wherever it runs, why tasks wait. */
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
