import { LIMITS, type AttemptReport, type DispatchOutcome } from '@multiswarm/contracts';
import type { TaskCommand } from '../domain/task/record';

/** What a swarm (or, for losses, a coordinator) says about an attempt, as a command to the state machine. */
export function reportCommand(report: AttemptReport): TaskCommand {
  const { attempt, outcome, startedAt, finishedAt, output, error, usage } = report;
  if (outcome === 'lost') return { kind: 'lost', attempt, reason: error?.message ?? 'the swarm is gone' };
  const tooLarge =
    output !== undefined && Buffer.byteLength(JSON.stringify(output)) > LIMITS.TASK_OUTPUT_BYTES;
  if (tooLarge) {
    const fault = {
      code: 'output-too-large',
      message: `the output is larger than ${LIMITS.TASK_OUTPUT_BYTES} bytes`,
      retryable: false,
    };
    return { kind: 'finished', attempt, outcome: 'failed', result: { startedAt, finishedAt, error: fault } };
  }
  return {
    kind: 'finished',
    attempt,
    outcome,
    result: {
      startedAt,
      finishedAt,
      ...(output === undefined ? {} : { output }),
      ...(error ? { error } : {}),
      ...(usage ? { usage } : {}),
    },
  };
}

/** What a coordinator answered to a dispatch, as a command to the state machine. */
export function dispatchCommand({ attempt, outcome, reason }: DispatchOutcome): TaskCommand {
  switch (outcome) {
    case 'accepted':
      return { kind: 'accepted', attempt };
    case 'refused':
      return { kind: 'refused', attempt, reason: reason ?? 'refused by the swarm' };
    case 'unreachable':
      return { kind: 'lost', attempt, reason: reason ?? 'the swarm did not answer the dispatch' };
  }
}
