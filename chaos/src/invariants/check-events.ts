import type { Event, Task } from '@multiswarm/contracts';
import type { Evidence } from '../evidence/evidence';
import type { Broken } from './invariants';

export function checkHistories({ tasks, histories }: Evidence): Broken[] {
  return [...tasks.values()].flatMap((task): Broken[] => {
    const fault = historyFault(task, histories.get(task.id) ?? []);
    return fault === undefined ? [] : [{ invariant: 'history-agrees', taskId: task.id, detail: fault }];
  });
}

export function checkHeard({ histories, consumers }: Evidence): Broken[] {
  return consumers.flatMap(({ name, hears, heard, gaps }): Broken[] => {
    const told = gaps.map((reason) => ({ detail: `${name}: ${reason}` }));
    const faults = [...histories].flatMap(([taskId, history]) => {
      const fault = heardFault(history.filter(hears), heard.get(taskId) ?? []);
      return fault === undefined ? [] : [{ taskId, detail: `${name}: ${fault}` }];
    });
    return [...told, ...faults].map((each) => ({ invariant: 'events-gapless', ...each }));
  });
}

function historyFault(task: Task, history: readonly Event[]): string | undefined {
  const gap = sequenceFault(history);
  if (gap !== undefined) return gap;
  const [first] = history;
  const last = history.findLast(isNoLateResult);
  if (first?.type !== 'task.submitted') return `begins with ${first?.type ?? 'nothing'}`;
  if (last?.type !== `task.${task.state}`)
    return `ends with ${last?.type ?? 'nothing'}, the record says ${task.state}`;
  const ends = history.filter(({ type }) => ENDS.has(type));
  if (ends.length > 1) return `has ${ends.length} ends`;
  const lost = numbersOf(history, 'task.lost');
  const recorded = task.attempts.filter(({ outcome }) => outcome === 'lost').map(({ attempt }) => attempt);
  if (lost.join() !== recorded.join())
    return `says that attempts ${lost.join(', ') || 'none'} were lost, the record ${recorded.join(', ') || 'none'}`;
  const late = lateFault(task, numbersOf(history, 'task.late-result'));
  if (late !== undefined) return late;
  const assigned = new Set(numbersOf(history, 'task.assigned'));
  const unknown = task.attempts.find(({ attempt }) => !assigned.has(attempt));
  return unknown && `knows nothing of attempt ${unknown.attempt}, which the record has`;
}

/** What comes too late is told once and kept; more may come after the record was read. */
function lateFault({ attempts }: Task, told: readonly number[]): string | undefined {
  const again = told.find((attempt, at) => told.indexOf(attempt) !== at);
  if (again !== undefined) return `tells twice of a late result of attempt ${again}`;
  const untold = attempts.find(({ attempt, late }) => late && !told.includes(attempt));
  return untold && `does not tell of the late result of attempt ${untold.attempt}, which the record has`;
}

/** What comes too late comes at any time, also after the end. */
export function isNoLateResult({ type }: Event): boolean {
  return type !== 'task.late-result';
}

function heardFault(expected: readonly Event[], heard: readonly Event[]): string | undefined {
  const at = expected.findIndex(
    ({ seq, type }, index) => heard[index]?.seq !== seq || heard[index].type !== type,
  );
  const [meant, was] = [expected[at], heard[at]];
  if (meant) return `in place of ${nameOf(meant)} ${was ? nameOf(was) : 'nothing'} was heard`;
  return heard.length === expected.length
    ? undefined
    : `${heard.length} events were heard in place of ${expected.length}`;
}

const nameOf = ({ seq, type }: Event): string => `event ${seq} (${type})`;

export function sequenceFault(events: readonly Event[]): string | undefined {
  const at = events.findIndex(({ seq }, index) => seq !== index + 1);
  return at === -1 ? undefined : `event ${at + 1} has number ${events[at]?.seq ?? 0}`;
}

function numbersOf(history: readonly Event[], wanted: Event['type']): number[] {
  return history.filter(({ type }) => type === wanted).map(({ attempt }) => attempt ?? 0);
}

const ENDS: ReadonlySet<string> = new Set([
  'task.succeeded',
  'task.failed',
  'task.cancelled',
  'task.expired',
  'task.skipped',
]);
