import type { Task } from '@multiswarm/contracts';
import type { Evidence } from '../evidence/evidence';
import type { Execution } from '../evidence/journal';
import { blobOf, WorkOutput } from '../load/work';
import type { Broken } from './invariants';

export function checkAttemptOnce({ executions }: Evidence): Broken[] {
  const byAttempt = new Map<string, Execution[]>();
  for (const execution of executions) {
    const key = `${execution.taskId}#${execution.attempt}`;
    byAttempt.set(key, [...(byAttempt.get(key) ?? []), execution]);
  }
  return [...byAttempt]
    .filter(([, all]) => all.length > 1)
    .map(([key, all]) => ({
      ...{ invariant: 'attempt-once' as const, taskId: all[0]?.taskId ?? '' },
      detail: `${key} ran ${all.length} times: on ${all.map(({ swarmId }) => swarmId).join(', ')}`,
    }));
}

/** Of tasks with which the agents were done before anything was done by force. */
export function checkEffectOnce({ executions, gentleUntil }: Evidence): Broken[] {
  const byTask = new Map<string, Execution[]>();
  for (const execution of executions)
    byTask.set(execution.taskId, [...(byTask.get(execution.taskId) ?? []), execution]);
  return [...byTask].flatMap(([taskId, all]): Broken[] => {
    const done = all.filter(({ ended }) => ended?.how === 'end');
    const isForced = done.some(({ ended }) => (ended?.at ?? 0) >= gentleUntil);
    if (done.length < 2 || isForced) return [];
    const attempts = done.map(({ attempt, swarmId }) => `#${attempt} on ${swarmId}`).join(' and ');
    return [{ invariant: 'effect-once', taskId, detail: `was done to its end as ${attempts}` }];
  });
}

export function checkResults({ tasks, executions }: Evidence): Broken[] {
  const byToken = new Map(executions.map((execution) => [execution.token, execution]));
  return [...tasks.values()].flatMap((task): Broken[] => {
    const fault = resultFault(task, byToken) ?? attemptsFault(task);
    return fault === undefined ? [] : [{ invariant: 'result-of-current', taskId: task.id, detail: fault }];
  });
}

function resultFault(task: Task, byToken: ReadonlyMap<string, Execution>): string | undefined {
  if (task.state !== 'succeeded') return undefined;
  const output = WorkOutput.safeParse(task.output);
  if (!output.success) return `the output is ${JSON.stringify(task.output)}`;
  const { token, attempt, n, blob } = output.data;
  if (task.inputRef && blob !== blobOf(n))
    return `the large part of the result begins with ${blob?.slice(0, 40)}`;
  if (n !== task.metadata['n']) return `the result is that of submission ${n}`;
  const made = byToken.get(token);
  if (!made) return 'nobody has made this result';
  if (made.taskId !== task.id) return `the result was made for ${made.taskId}`;
  if (made.ended?.how !== 'end')
    return `the result was made by an execution that noted ${made.ended?.how ?? 'no end'}`;
  if (attempt !== task.attempt || made.attempt !== task.attempt)
    return `the result is that of attempt ${made.attempt}, the last attempt is ${task.attempt}`;
  if (made.swarmId !== task.swarmId)
    return `the result was made by ${made.swarmId}, the record names ${task.swarmId ?? 'nobody'}`;
  return undefined;
}

function attemptsFault({ attempts, attempt: last, state }: Task): string | undefined {
  const numbers = attempts.map(({ attempt }) => attempt);
  const grows = numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0));
  if (!grows) return `the attempts are numbered ${numbers.join(', ')}`;
  if (numbers.length > 0 && numbers.at(-1) !== last)
    return `attempt ${last} is not the last of ${numbers.join(', ')}`;
  const open = attempts.find(({ outcome }) => outcome === undefined);
  if (open) return `attempt ${open.attempt} has no outcome`;
  const well = attempts.filter(({ outcome }) => outcome === 'succeeded').map(({ attempt }) => attempt);
  const expected = state === 'succeeded' ? [last] : [];
  if (well.join() !== expected.join())
    return `${state}, and attempts that succeeded: ${well.join(', ') || 'none'}`;
  return undefined;
}
