import type { TaskRecord } from '../../domain/task/record';

/** What tells two versions of a record apart: every change of a task changes one of these. */
const FIELDS = ['state', 'since', 'attempt', 'events', 'failures', 'losses', 'order'] as const;

/** Where two versions of a record differ, `first` against `second`. */
export function differences(first: TaskRecord, second: TaskRecord): string[] {
  return FIELDS.filter((field) => first[field] !== second[field]).map(
    (field) => `${field} ${first[field]} / ${second[field]}`,
  );
}

export function brief({ state, attempt, events }: TaskRecord): string {
  return `${state}, attempt ${attempt}, ${events} events`;
}
