import { isTerminal, type Task } from '@multiswarm/contracts';
import type { Evidence } from '../evidence/evidence';
import type { Work } from '../load/work';
import type { Broken } from './invariants';

export function checkAcknowledged({ submissions, tasks }: Evidence): Broken[] {
  return submissions.flatMap(({ id, work }): Broken[] => {
    if (id === undefined) return [];
    const task = tasks.get(id);
    if (task && isTerminal(task.state)) return [];
    const detail = task ? `is ${task.state}` : `was acknowledged as ${id} and does not exist`;
    return [{ invariant: 'acknowledged-ends', taskId: id, detail: `submission ${work.n} ${detail}` }];
  });
}

export function checkAnswered({ submissions }: Evidence): Broken[] {
  return submissions.flatMap(({ error, work }): Broken[] =>
    error === undefined
      ? []
      : [{ invariant: 'submissions-answered', detail: `submission ${work.n} failed: ${error}` }],
  );
}

export function checkOneTask({ submissions, listed }: Evidence): Broken[] {
  const ids = new Map<number, Set<string>>();
  const add = (n: number, id: string): void => void ids.set(n, (ids.get(n) ?? new Set()).add(id));
  for (const { n, id } of listed) add(n, id);
  for (const { work, id } of submissions) if (id !== undefined) add(work.n, id);
  return [...ids]
    .filter(([, all]) => all.size > 1)
    .map(([n, all]) => ({
      ...{ invariant: 'one-task' as const, taskId: [...all][0] ?? '' },
      detail: `submission ${n} became ${[...all].join(' and ')}`,
    }));
}

export function checkEnds({ submissions, tasks }: Evidence): Broken[] {
  return submissions.flatMap(({ id, work }): Broken[] => {
    const task = id === undefined ? undefined : tasks.get(id);
    if (!task || !isTerminal(task.state) || endsAsWorked(task, work)) return [];
    const why = task.error ? ` (${task.error.code}: ${task.error.message})` : '';
    return [{ invariant: 'ends-as-worked', taskId: task.id, detail: `ended as ${task.state}${why}` }];
  });
}

function endsAsWorked({ state, error }: Task, { cancelAfterMs }: Work): boolean {
  if (state === 'succeeded') return true;
  if (state === 'cancelled') return cancelAfterMs !== undefined;
  return error?.code === 'attempt-lost';
}
