import { LIMITS } from '@multiswarm/contracts';
import { randomInteger, seededRandom } from '@multiswarm/core';
import { z } from 'zod';

/** What an agent is asked to do. `short` ends soon, `hold` keeps its slot for long, `gate` until it is let go. */
export const WORK_TYPES = ['short', 'hold', 'gate'] as const;
export type WorkType = (typeof WORK_TYPES)[number];

/** The input of a task. */
export const WorkInput = z.object({
  /** Number of the submission. */
  n: z.number().int(),
  runMs: z.number(),
  /** Attempts up to this number throw. */
  failUntil: z.number().int(),
  /** So large that it travels by reference, as does the output of a task that has it: `blobOf` the number. */
  blob: z.string().optional(),
  /** It says this many lines, parts of its output, or how far it is. */
  says: z.number().int().optional(),
});
export type WorkInput = z.infer<typeof WorkInput>;

/** The output of a task: whose result it is. */
export const WorkOutput = z.object({
  n: z.number(),
  attempt: z.number(),
  token: z.string(),
  blob: z.string().optional(),
});

const BLOB_CHARS = LIMITS.TASK_INPUT_BYTES + 1;

/** What nobody can mistake for that of another task, and what is more than a message carries. */
export function blobOf(n: number): string {
  return `${n} `.repeat(Math.ceil(BLOB_CHARS / `${n} `.length));
}

export interface Work {
  readonly n: number;
  readonly type: WorkType;
  readonly input: WorkInput;
  readonly namespace: string;
  readonly limitKeys: readonly string[];
  readonly priority: 'high' | 'normal' | 'low';
  /** The client asks for its end so long after it was acknowledged. */
  readonly cancelAfterMs?: number;
  /** Handed in through an orchestrator over HTTP, and not over NATS. */
  readonly overHttp: boolean;
}

/** Concurrency that namespaces and keys are held to during a run. */
export const LIMITED = {
  namespace: 'chaos-limited',
  concurrency: 6,
  keys: ['model:large', 'model:small'],
  perKey: 4,
} as const;
export const FREE_NAMESPACE = 'chaos';

const SHARES = {
  held: 0.005,
  hold: 0.06,
  limited: 0.2,
  failing: 0.08,
  cancelled: 0.03,
  overHttp: 0.3,
  blob: 0.04,
  says: 0.1,
};
const SAYS_MOST = 20;
const EXTRAS = 0x5eed_0000;
const SHORT_MS = 25;
const HOLD_FROM_MS = 500;

/** How long agents that are not short take. */
export interface HoldTimes {
  /** Most of them at most. */
  readonly longestMs: number;
  /** A few of them up to this. */
  readonly heldMs?: number;
}

/** The n-th task of a seed; it depends on nothing else. */
export function workOf(seed: number, n: number, { longestMs, heldMs }: HoldTimes): Work {
  const random = seededRandom((seed * 1_000_003 + n) >>> 0);
  const chance = (share: number): boolean => random.next() < share;
  const type = chance(SHARES.hold) ? 'hold' : 'short';
  const limited = chance(SHARES.limited);
  const failUntil = chance(SHARES.failing) ? 1 + randomInteger(random, 2) : 0;
  const usualMs =
    type === 'hold' ? HOLD_FROM_MS + randomInteger(random, longestMs) : randomInteger(random, SHORT_MS);
  const key = LIMITED.keys[randomInteger(random, LIMITED.keys.length)] ?? LIMITED.keys[0];
  const priority = (['high', 'normal', 'normal', 'low'] as const)[randomInteger(random, 4)] ?? 'normal';
  const cancelled = chance(SHARES.cancelled);
  const cancelAfterMs = randomInteger(random, longestMs);
  const overHttp = chance(SHARES.overHttp);
  const isHeld = heldMs !== undefined && chance(SHARES.held);
  const runMs = isHeld ? longestMs + randomInteger(random, heldMs - longestMs) : usualMs;
  return {
    ...{ n, type: isHeld ? ('hold' as const) : type, priority, overHttp },
    input: { n, runMs, failUntil, ...extrasOf(seed, n) },
    namespace: limited ? LIMITED.namespace : FREE_NAMESPACE,
    limitKeys: limited ? [key] : [],
    ...(cancelled ? { cancelAfterMs } : {}),
  };
}

/** By chances of their own, so that the rest of a task stays what it was. */
function extrasOf(seed: number, n: number): Pick<WorkInput, 'blob' | 'says'> {
  const random = seededRandom((seed * 1_000_003 + n + EXTRAS) >>> 0);
  return {
    ...(random.next() < SHARES.blob ? { blob: blobOf(n) } : {}),
    ...(random.next() < SHARES.says ? { says: 1 + randomInteger(random, SAYS_MOST) } : {}),
  };
}
