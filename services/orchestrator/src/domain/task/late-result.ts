import type { JsonValue, LateResult, Usage } from '@multiswarm/contracts';
import { jsonBytes } from '@multiswarm/core';
import type { Attempt, EventDraft, Outcome, TaskCommand, TaskRecord, Transition } from './record';

/** Ends that somebody else may have decided while the swarm went on. */
const GIVEN_UP: ReadonlySet<Outcome | undefined> = new Set<Outcome>(['lost', 'cancelled', 'timed-out']);

type Late = Extract<TaskCommand, { kind: 'late-result' }>;

/**
 * T13: what an attempt reports after it was given up is told once and kept beside the attempt; nothing else changes.
 * @returns undefined where there is nothing to tell: the task never had the attempt or no longer keeps it, a swarm has ended it itself (so
 * that this is the report of that end, once more), or its late result is known already
 */
export function lateResult(record: TaskRecord, command: Late, now: number): Transition | undefined {
  const index = record.attempts.findIndex(({ attempt }) => attempt === command.attempt);
  const attempt = record.attempts[index];
  if (!attempt || attempt.late || !GIVEN_UP.has(attempt.outcome) || isItsEnd(attempt, command))
    return undefined;
  const late = lateOf(command, now);
  return {
    record: { ...record, attempts: record.attempts.with(index, { ...attempt, late }) },
    events: [eventOf(late, attempt)],
    effects: [],
  };
}

/** An end that a swarm has reported has the time at which that swarm says that it was. */
function isItsEnd({ outcome, endedAt }: Attempt, { outcome: told, result }: Late): boolean {
  return outcome === told && endedAt === result.finishedAt;
}

function lateOf({ swarmId, outcome, result }: Late, now: number): LateResult {
  const { startedAt, finishedAt, output, outputRef, error, usage } = result;
  const late: LateResult = { at: now, swarmId, outcome, startedAt, finishedAt };
  const bytes = outputRef?.bytes ?? (output === undefined ? undefined : jsonBytes(output));
  if (bytes !== undefined) late.outputBytes = bytes;
  if (error) late.error = error;
  if (usage) late.usage = usage;
  return late;
}

/** Without what it has of its own: when it came, and from whom. */
function eventOf(late: LateResult, { attempt }: Attempt): EventDraft {
  const { swarmId, outcome, startedAt, finishedAt, outputBytes, error, usage } = late;
  const data: NonNullable<EventDraft['data']> = { outcome, startedAt, finishedAt };
  if (outputBytes !== undefined) data['outputBytes'] = outputBytes;
  if (error) data['error'] = { ...error };
  if (usage) data['usage'] = usageOf(usage);
  return { type: 'task.late-result', attempt, swarmId, data };
}

function usageOf({ inputTokens, outputTokens }: Usage): Record<string, JsonValue> {
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  };
}
