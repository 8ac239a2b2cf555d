import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Millis, Region, SwarmId } from './names';
import { RankedSwarm, Rejection, RouteRequest, Waiting } from './placement';
import { PolicyName } from './routing';

/** `POST /v1/route/simulate`: what would be decided now for a request; nothing is reserved, and nobody's turn is over. */
export const SimulateRequest = RouteRequest.extend({
  policies: z
    .array(PolicyName)
    .min(1)
    .max(LIMITS.SIMULATED_POLICIES)
    .optional()
    .describe('those to try; without it all of this build, and users’ own'),
});
export type SimulateRequest = z.infer<typeof SimulateRequest>;

export const SimulatedChoice = z.object({
  policy: z.string(),
  decidedBy: z.string().describe('another one, where the policy could not decide'),
  isUsed: z.boolean().describe('whether the request would be decided by it'),
  swarmId: SwarmId,
  region: Region,
  costPerSlotHour: z.number(),
  because: z.string(),
  ranked: z.array(RankedSwarm).max(5),
  scores: z.array(z.number()).max(5).describe('of those that are ranked: the smaller the better'),
  reasons: z.array(z.string()).max(LIMITS.RECEIPT_REASONS).optional(),
});
export type SimulatedChoice = z.infer<typeof SimulatedChoice>;

export const Simulation = z.object({
  decidedAt: Instant,
  candidates: z.number().int().describe('swarms known'),
  feasible: z.number().int().describe('swarms that could ever run it'),
  withFreeSlot: z.number().int(),
  viewAgeMs: Millis.describe('how long ago the load-balancer last heard of any swarm'),
  rejected: z.array(Rejection),
  choices: z.array(SimulatedChoice),
  waiting: Waiting.optional().describe('why it would be placed nowhere, by whatever policy'),
});
export type Simulation = z.infer<typeof Simulation>;
