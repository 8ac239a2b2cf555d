import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Namespace, SwarmId, Token } from './names';

const LeaseTtl = z.number().int().min(LIMITS.LEASE_LEAST_MS).max(LIMITS.LEASE_MOST_MS);
const inNamespace = { namespace: Namespace.default('default') };
/** Grows with every grant: whoever guards something refuses what comes with an older one. */
const FencingToken = z.number().int().positive();

/** A lease that one swarm holds at a time. */
export const Lease = z.object({
  name: Token,
  state: z.enum(['held', 'free']),
  holder: SwarmId.optional(),
  token: FencingToken.optional().describe('grows with every grant'),
  ttlMs: z.number().int().positive().optional(),
  expiresAt: Instant.optional().describe('unless it is renewed'),
});
export type Lease = z.infer<typeof Lease>;

/** `claim` is equal for repetitions of one wish: where its answer was lost, they get what it was granted. */
export const AcquireLease = z.strictObject({
  ...inNamespace,
  name: Token,
  holder: SwarmId,
  claim: Token,
  ttlMs: LeaseTtl.default(LIMITS.LEASE_BY_DEFAULT_MS),
});
export type AcquireLease = z.infer<typeof AcquireLease>;
/** Renews or releases what is held under the token. */
export const HeldLease = z.strictObject({
  ...inNamespace,
  name: Token,
  holder: SwarmId,
  token: FencingToken,
});
export type HeldLease = z.infer<typeof HeldLease>;
export const GetLease = z.strictObject({ ...inNamespace, name: Token });
export type GetLease = z.infer<typeof GetLease>;
