/** What has to hold once everything has ended, whatever was done to the system meanwhile. */
export const INVARIANTS = {
  'acknowledged-ends': 'every acknowledged task exists and has ended',
  'submissions-answered': 'every submission is acknowledged, if not at once then to a repetition by the SDK',
  'one-task': 'a submission, however often it was repeated, is one task',
  'ends-as-worked':
    'a task ends as its work says: well, cancelled if somebody asked for it, or after too many losses',
  'attempt-once': 'an attempt runs once at most; a task runs again only under a larger number',
  'effect-once':
    'while programs are only told to end and started again, no agent does the work of a task a second time',
  'result-of-current': "a task's result is that of its last attempt, made by the swarm that the record names",
  'runs-as-defined':
    'a workflow does what it says: its steps in their order, each item once, what succeeded undone once where it fails, and its end',
  'history-agrees':
    'the history of a task is without a gap, agrees with its record, and says nothing after its end',
  'events-gapless': 'who follows all events has those of every task, in order and without a gap',
  'streams-whole':
    'who watches what attempts say has it in order, each thing once, or is told of the gap, and hears the end',
  'payloads-kept': 'what tasks refer to is there, and nothing else after a sweep',
  'limits-held': 'never more attempts at once than a limit allows',
  'messages-once':
    'a message between swarms comes once at most, to whom it was sent, and comes when nothing is disturbed',
  'records-agree':
    'counts, indexes, memory, the queue and the limits agree with the task records, as the deep check finds',
  'orderly-ends': 'a program that is told to end finishes and ends with exit code 0',
  'all-given-back': 'when nothing runs, no slot, limit or reservation is taken',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export interface Broken {
  readonly invariant: Invariant;
  readonly detail: string;
  /** The task that shows it. */
  readonly taskId?: string;
}
