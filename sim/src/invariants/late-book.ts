import type { AttemptRecord } from '@multiswarm/contracts';
import type { TaskRecord } from '../../../services/orchestrator/src/domain/task/record';
import type { WorkBook } from './work-book';

/** 2: what an attempt reports after it was given up is told once, is what it has made, and changes nothing. */
export function lateFaults(before: TaskRecord | undefined, next: TaskRecord, work: WorkBook): string[] {
  const told = next.attempts.filter(({ attempt, late }) => late && !lateOf(before, attempt));
  const changed = next.attempts.filter(({ attempt, late }) => {
    const known = lateOf(before, attempt);
    return known !== undefined && JSON.stringify(known) !== JSON.stringify(late);
  });
  const faults = changed.map(({ attempt }) => `${next.id}#${attempt} has another late result than before`);
  if (told.length === 0) return faults;
  if (!before || withoutLate(before) !== withoutLate(next))
    faults.push(`${next.id} was changed by what came too late`);
  return [...faults, ...told.flatMap((attempt) => madeFaults(next.id, attempt, work))];
}

function madeFaults(id: string, { attempt, outcome, late }: AttemptRecord, work: WorkBook): string[] {
  const name = `${id}#${attempt}`;
  if (outcome !== 'lost' && outcome !== 'cancelled' && outcome !== 'timed-out')
    return [`${name} has ended as ${outcome ?? 'nothing'}, and has a late result`];
  return late?.outcome === 'succeeded' && work.resultOf(id, attempt) === undefined
    ? [`${name} is said to have succeeded late, and no handler has returned`]
    : [];
}

function lateOf(record: TaskRecord | undefined, number: number): AttemptRecord['late'] {
  return record?.attempts.find(({ attempt }) => attempt === number)?.late;
}

/** Its events are one more. */
function withoutLate(record: TaskRecord): string {
  return JSON.stringify({ ...record, events: 0, attempts: withoutLates(record) });
}

/** The attempts as they had ended. */
export function withoutLates({ attempts }: Pick<TaskRecord, 'attempts'>): unknown[] {
  return attempts.map((attempt) => ({ ...attempt, late: undefined }));
}
