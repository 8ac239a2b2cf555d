import type { Evidence } from '../evidence/evidence';
import type { Broken } from '../invariants/invariants';

/** What is known of the task that shows a broken invariant, from all sides, in the order of time. */
export function storyOf({ taskId }: Broken, evidence: Evidence): string[] {
  if (taskId === undefined) return [];
  const task = evidence.tasks.get(taskId);
  const submission = evidence.submissions.find(({ id }) => id === taskId);
  const told = (evidence.histories.get(taskId) ?? []).map(({ at, seq, type, attempt, swarmId, data }) => ({
    at,
    line: `event ${seq} ${type}${attempt === undefined ? '' : ` #${attempt}`} ${swarmId ?? ''} ${data ? JSON.stringify(data) : ''}`,
  }));
  const done = evidence.executions
    .filter((execution) => execution.taskId === taskId)
    .flatMap(({ attempt, swarmId, startedAt, ended, token }) => [
      { at: startedAt, line: `agent of ${swarmId} starts #${attempt} (${token})` },
      ...(ended ? [{ at: ended.at, line: `agent of ${swarmId} notes "${ended.how}" of #${attempt}` }] : []),
    ]);
  const client = submission?.acknowledgedAt;
  const acknowledged =
    client === undefined ? [] : [{ at: client, line: 'the client has its acknowledgement' }];
  const heard = evidence.consumers.map(({ name, heard: events }) => {
    const own = (events.get(taskId) ?? []).map(({ seq, type }) => `${seq} ${type}`);
    return `${name} heard: ${own.join(', ') || 'nothing'}`;
  });
  const record = task && {
    state: task.state,
    attempt: task.attempt,
    output: task.output,
    attempts: task.attempts,
  };
  return [
    ...[...told, ...done, ...acknowledged]
      .sort((a, b) => a.at - b.at)
      .map(({ at, line }) => `${new Date(at).toISOString()}  ${line.trimEnd()}`),
    ...heard,
    `record: ${record ? JSON.stringify(record, withoutReceipts) : 'none'}`,
    ...(submission ? [`work: ${JSON.stringify(submission.work)}`] : []),
  ];
}

function withoutReceipts(key: string, value: unknown): unknown {
  return key === 'receipt' ? undefined : value;
}
