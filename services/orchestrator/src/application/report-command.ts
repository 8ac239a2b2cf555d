import {
  LIMITS,
  partsOfPayloadId,
  type AttemptReport,
  type DispatchOutcome,
  type TaskError,
} from '@multiswarm/contracts';
import { jsonBytes } from '@multiswarm/core';
import type { AttemptResult, TaskCommand } from '../domain/task/record';

/** What a swarm (or, for losses, a coordinator) says about an attempt, as a command to the state machine. */
export function reportCommand(report: AttemptReport, namespace: string): TaskCommand {
  const { attempt, outcome, startedAt, finishedAt, error } = report;
  if (outcome === 'lost') return { kind: 'lost', attempt, reason: error?.message ?? 'the swarm is gone' };
  const fault = faultOf(report, namespace);
  if (fault)
    return { kind: 'finished', attempt, outcome: 'failed', result: { startedAt, finishedAt, error: fault } };
  return { kind: 'finished', attempt, outcome, result: resultOf(report) };
}

/** What a swarm says that an attempt came to. */
export function resultOf(report: AttemptReport): AttemptResult {
  const { startedAt, finishedAt, output, outputRef, error, usage } = report;
  const result: AttemptResult = { startedAt, finishedAt };
  if (output !== undefined) result.output = output;
  if (outputRef) result.outputRef = outputRef;
  if (error) result.error = error;
  if (usage) result.usage = usage;
  return result;
}

/** What is wrong about the output, which no further attempt would make better. */
function faultOf({ output, outputRef }: AttemptReport, namespace: string): TaskError | undefined {
  if (isTooLarge(output)) {
    const message = `the output is larger than ${LIMITS.TASK_OUTPUT_BYTES} bytes`;
    return { code: 'output-too-large', message, retryable: false };
  }
  if (outputRef && partsOfPayloadId(outputRef.id).namespace !== namespace) {
    const message = `the output "${outputRef.id}" is no payload of the namespace "${namespace}"`;
    return { code: 'invalid-request', message, retryable: false };
  }
  return undefined;
}

/** What a coordinator answered to a dispatch, as a command to the state machine. */
export function dispatchCommand(told: DispatchOutcome): TaskCommand {
  const { attempt, outcome, reason = 'refused by the swarm', placement, refusedBy } = told;
  switch (outcome) {
    case 'accepted':
      return placement ? { kind: 'accepted', attempt, placement } : { kind: 'accepted', attempt };
    case 'refused':
      return refusedBy
        ? { kind: 'refused', attempt, reason, refusedBy }
        : { kind: 'refused', attempt, reason };
    case 'unreachable':
      return { kind: 'lost', attempt, reason: told.reason ?? 'the swarm did not answer the dispatch' };
  }
}

/** Small values are told without printing them. */
function isTooLarge(output: AttemptReport['output']): boolean {
  if (output === undefined || output === null || typeof output === 'number' || typeof output === 'boolean')
    return false;
  if (typeof output === 'string' && output.length * 6 < LIMITS.TASK_OUTPUT_BYTES) return false;
  return jsonBytes(output) > LIMITS.TASK_OUTPUT_BYTES;
}
