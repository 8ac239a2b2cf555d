import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Name, Namespace } from './names';
import { RankedSwarm } from './placement';
import { POLICIES } from './routing';

/** `POST /v1/decisions/replay`: what another policy would have decided, from what was seen then. */
export const ReplayRequest = z.strictObject({
  policy: z
    .enum(POLICIES, {
      error: `only policies of this build can be asked: ${POLICIES.join(', ')}. Users’ own see more than is kept: simulate a request with them`,
    })
    .describe('the one that is asked'),
  task: z.string().max(LIMITS.NAME_CHARS).optional().describe('only decisions for this task'),
  madeBy: z.string().max(LIMITS.NAME_CHARS).optional().describe('only decisions of this policy'),
  namespace: Namespace.optional(),
  type: Name.optional(),
  since: Instant.optional(),
  until: Instant.optional().describe('before this instant'),
  limit: z
    .number()
    .int()
    .min(1)
    .max(LIMITS.PAGE_ITEMS)
    .default(50)
    .describe('of the differences that are listed'),
});
export type ReplayRequest = z.infer<typeof ReplayRequest>;

/** A decision that the other policy would have made in another way. */
export const ReplayDifference = z.object({
  id: z.string().optional().describe('of the decision, where it is still kept'),
  at: Instant,
  key: z.string(),
  attempt: z.number().int().positive(),
  namespace: Namespace,
  type: z.string(),
  policy: z.string().describe('the one that decided'),
  open: z.number().int().describe('swarms that it could choose among'),
  kept: z.number().int().describe('of them, how many the other one was shown'),
  chose: RankedSwarm,
  wouldChoose: RankedSwarm,
  because: z.string().describe('why the other one would choose that'),
});
export type ReplayDifference = z.infer<typeof ReplayDifference>;

const mean = z.object({
  costPerSlotHour: z.number().describe('USD'),
  load: z.number().describe('busy share of the slots of the chosen one, before'),
});

export const Replay = z.object({
  replica: z.string().describe('whose decisions these are'),
  policy: z.string(),
  replayed: z.number().int(),
  same: z.number().int().describe('of them, how many it would have made in the same way'),
  oldest: Instant.nullable().describe('of the oldest one that was replayed'),
  means: z
    .object({ chosen: mean, wouldBe: mean })
    .nullable()
    .describe('over all that were replayed; none where nothing was'),
  items: z.array(ReplayDifference).describe('differences, newest first'),
});
export type Replay = z.infer<typeof Replay>;
