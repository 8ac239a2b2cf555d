import { keyedUnique, taskId, TaskSubmission, type TaskSpec, type TaskState } from '@multiswarm/contracts';
import {
  newTask,
  type Attempt,
  type TaskRecord,
} from '../../../services/orchestrator/src/domain/task/record';

export const SHARDS = 16;
/** Of ten tasks nine have ended: so many of a hundred in each way, in this order. */
const ENDS: readonly [TaskState, number][] = [
  ['succeeded', 93],
  ['failed', 5],
  ['cancelled', 2],
];
const ACTIVE_SHARE = 10;
export const TYPES = 40;
const NAMESPACES = 20;
export const REGIONS = ['eu-west', 'eu-north', 'us-east', 'us-west', 'ap-south'];
const SWARMS_PER_REGION = 20;
const CODES = ['attempt-failed', 'no-key', 'attempt-timeout', 'attempt-lost', 'deadline-exceeded'];
const CUSTOMERS = 1_000;
export const WORDS = 2_000;
const APART_MS = 80;
const HOUR_MS = 3_600_000;

/** Millisecond in which the first task of a population was made, where the last one is made now. */
export function bornBefore(count: number, now: number): number {
  return now - count * APART_MS;
}

/**
 * The n-th of many tasks, as they were submitted one after the other: of every ten one has not ended. Every one has metadata of
 * its own (some 90 bytes), which is the worst case for an index; nothing is left to chance, so every run has the same tasks.
 */
export function taskAt(n: number, from: number): { submitted: TaskRecord; now: TaskRecord } {
  const at = from + n * APART_MS;
  const id = taskId(n % SHARDS, keyedUnique('task', 'bench', String(n)).unique);
  const submitted = newTask(id, specAt(n), { blocked: false, order: at * 1_000 }, at).record;
  return { submitted, now: n % ACTIVE_SHARE === 0 ? submitted : endedAt(n, submitted) };
}

function specAt(n: number): TaskSpec {
  const k = scatter(n);
  const { idempotencyKey: _none, ...body } = TaskSubmission.parse({
    type: `type-${k % TYPES}`,
    namespace: `team-${(k >>> 8) % NAMESPACES}`,
    input: { n },
    metadata: {
      customer: `customer-${(k >>> 4) % CUSTOMERS}`,
      request: `req-${n.toString(36).padStart(6, '0')}`,
      note: [3, 7, 11].map((by) => wordAt(scatter(n * by) % WORDS)).join(' '),
      stage: ['draft', 'review', 'final'][k % 3] ?? '',
    },
    // What waits, waits in several ways; none of it changes while the bench runs.
    ...(n % (ACTIVE_SHARE * 10) === 0 ? { waitFor: { signal: 'go' } } : {}),
  });
  return { ...body, traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` };
}

function endedAt(n: number, submitted: TaskRecord): TaskRecord {
  const k = scatter(n + 1);
  const state = endOf(k % 100);
  const region = REGIONS[(k >>> 7) % REGIONS.length] ?? '';
  const since = submitted.createdAt + 1_000 + (k % HOUR_MS) / 100;
  const code = CODES[(k >>> 12) % CODES.length] ?? '';
  const attempt: Attempt = {
    ...{ attempt: 1, swarmId: `${region}-${(k >>> 16) % SWARMS_PER_REGION}`, region, costPerSlotHour: 0.6 },
    ...{
      assignedAt: submitted.createdAt + 5,
      startedAt: submitted.createdAt + 9,
      endedAt: Math.floor(since),
    },
    ...{ outcome: state === 'failed' ? 'failed' : 'succeeded', cost: 0.0001 },
  };
  return {
    ...submitted,
    ...{
      state,
      since: Math.floor(since),
      endedAt: Math.floor(since),
      attempt: 1,
      attempts: [attempt],
      events: 5,
    },
    ...{ startedAt: attempt.startedAt, waitingSince: undefined, cost: 0.0001 },
    ...(state === 'failed'
      ? { error: { code, message: 'it broke', retryable: false } }
      : { output: { ok: n } }),
  };
}

function endOf(share: number): TaskState {
  let left = share;
  for (const [state, count] of ENDS) {
    if (left < count) return state;
    left -= count;
  }
  return 'succeeded';
}

export function wordAt(index: number): string {
  const syllables = ['ka', 'lo', 'mi', 'ne', 'ru', 'so', 'ta', 'vi', 'xe', 'zu'];
  return Array.from(String(10_000 + index), (digit) => syllables[Number(digit)] ?? '').join('');
}

/** A whole number that looks like chance, from one that does not. */
export function scatter(n: number): number {
  let hash = Math.imul(n ^ (n >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
