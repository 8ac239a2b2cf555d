import type { Event, Task } from '@multiswarm/contracts';
import type { Evidence } from '../evidence/evidence';
import type { Broken } from './invariants';

export function checkHistories({ tasks, histories }: Evidence): Broken[] {
  return [...tasks.values()].flatMap((task): Broken[] => {
    const fault = historyFault(task, histories.get(task.id) ?? []);
    return fault === undefined ? [] : [{ invariant: 'history-agrees', taskId: task.id, detail: fault }];
  });
}

export function checkHeard({ histories, heard, gaps }: Evidence): Broken[] {
  const told = gaps.map((reason): Broken => ({ invariant: 'events-gapless', detail: reason }));
  const faults = [...histories].flatMap(([id, history]): Broken[] => {
    const fault = heardFault(history, heard.get(id) ?? []);
    return fault === undefined ? [] : [{ invariant: 'events-gapless', taskId: id, detail: fault }];
  });
  return [...told, ...faults];
}

function historyFault(task: Task, history: readonly Event[]): string | undefined {
  const gap = sequenceFault(history);
  if (gap !== undefined) return gap;
  const [first] = history;
  const last = history.at(-1);
  if (first?.type !== 'task.submitted') return `begins with ${first?.type ?? 'nothing'}`;
  if (last?.type !== `task.${task.state}`)
    return `ends with ${last?.type ?? 'nothing'}, the record says ${task.state}`;
  const ends = history.filter(({ type }) => ENDS.has(type));
  if (ends.length > 1) return `has ${ends.length} ends`;
  const lost = numbersOf(history, 'task.lost');
  const recorded = task.attempts.filter(({ outcome }) => outcome === 'lost').map(({ attempt }) => attempt);
  if (lost.join() !== recorded.join())
    return `says that attempts ${lost.join(', ') || 'none'} were lost, the record ${recorded.join(', ') || 'none'}`;
  const assigned = new Set(numbersOf(history, 'task.assigned'));
  const unknown = task.attempts.find(({ attempt }) => !assigned.has(attempt));
  return unknown && `knows nothing of attempt ${unknown.attempt}, which the record has`;
}

function heardFault(history: readonly Event[], heard: readonly Event[]): string | undefined {
  const gap = sequenceFault(heard);
  if (gap !== undefined) return `heard: ${gap}`;
  if (heard.length !== history.length) return `${heard.length} of ${history.length} events were heard`;
  const at = history.findIndex(({ type }, index) => heard[index]?.type !== type);
  if (at === -1) return undefined;
  return `event ${at + 1} was heard as ${heard[at]?.type ?? 'nothing'}, the history says ${history[at]?.type ?? 'nothing'}`;
}

function sequenceFault(events: readonly Event[]): string | undefined {
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
