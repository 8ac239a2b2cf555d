import { Task, type Event } from '@multiswarm/contracts';
import type { Consumer, Evidence } from '../evidence/evidence';
import type { Execution } from '../evidence/journal';
import type { MailLine } from '../evidence/mail';
import type { Watched } from '../evidence/watchers';
import type { Submission } from '../load/load';
import { blobOf, LIMITED, workOf } from '../load/work';
import { check } from './check';
import type { Invariant } from './invariants';

const ID = 't0-1';
const AT = Date.parse('2026-01-01T00:00:00Z');
type Attempts = Task['attempts'];

const lost = { attempt: 1, swarmId: 'a', region: 'r', assignedAt: AT, endedAt: AT + 5, costPerSlotHour: 1 };
const ATTEMPTS: Attempts = [
  { ...lost, outcome: 'lost' },
  { ...lost, attempt: 2, swarmId: 'b', assignedAt: AT + 6, endedAt: AT + 9, outcome: 'succeeded' },
];

function task(over: Partial<Task> = {}): Task {
  return {
    ...Task.parse({
      ...{ id: ID, type: 'short', namespace: 'chaos', state: 'succeeded', priority: 'normal', input: {} },
      ...{ stateSince: '2026-01-01T00:00:00Z', createdAt: '2026-01-01T00:00:00Z', requirements: {} },
      ...{ retry: {}, timeouts: {}, metadata: { n: 0 }, attempt: 2, attempts: ATTEMPTS, swarmId: 'b' },
      ...{ output: { n: 0, attempt: 2, token: 'two' }, cost: 0, usage: {}, traceId: 'x' },
    }),
    ...over,
  };
}

const HISTORY = eventsOf(
  ['task.submitted'],
  ['task.queued'],
  ['task.assigned', 1],
  ['task.lost', 1],
  ['task.queued'],
  ['task.assigned', 2],
  ['task.succeeded', 2],
);

function eventsOf(...events: [Event['type'], number?][]): Event[] {
  return events.map(([type, attempt], at) => ({
    ...{ v: 1 as const, type, seq: at + 1, at: AT + at, namespace: 'chaos', root: ID, taskId: ID },
    ...(attempt === undefined ? {} : { attempt }),
  }));
}

const EXECUTIONS: Execution[] = [
  { taskId: ID, attempt: 1, swarmId: 'a', token: 'one', startedAt: AT },
  {
    ...{ taskId: ID, attempt: 2, swarmId: 'b', token: 'two', startedAt: AT + 6 },
    ended: { at: AT + 8, how: 'end' },
  },
];

const { cancelAfterMs: _never, ...work } = workOf(1, 0, { longestMs: 1_000 });
const SUBMISSION: Submission = { work, sentAt: AT, id: ID, acknowledgedAt: AT + 1 };

function letter(kind: MailLine['kind']): MailLine {
  return { kind, token: 'x', swarmId: kind === 'heard' ? 'b' : 'a', to: 'b', calm: false };
}

function consumer(events: readonly Event[], hears: Consumer['hears'] = () => true): Consumer {
  return { name: 'somebody', hears, heard: new Map([[ID, events]]), gaps: [] };
}

const REF = { id: `chaos.${'0'.repeat(64)}`, bytes: 300_000 };
const large = (blob: string) => ({ n: 0, attempt: 2, token: 'two', blob });

function watched(...heard: [attempt: number, seq: number][]): Watched {
  const items = heard.map(([attempt, seq]) => ({ kind: 'log' as const, attempt, seq, at: AT }));
  return { taskId: ID, items, ended: true };
}

function evidence(over: Partial<Evidence> = {}): Evidence {
  return {
    ...{ submissions: [SUBMISSION], listed: [{ n: 0, id: ID }], tasks: new Map([[ID, task()]]) },
    ...{ histories: new Map([[ID, HISTORY]]), consumers: [consumer(HISTORY)] },
    ...{ executions: EXECUTIONS, remains: [], differences: [], disorders: [], gentleUntil: 0, mail: [] },
    ...{ watched: [], payloads: [], flows: [] },
    ...over,
  };
}

const withTask = (over: Partial<Task>): Evidence => evidence({ tasks: new Map([[ID, task(over)]]) });
const withHistory = (history: Event[]): Evidence =>
  evidence({ histories: new Map([[ID, history]]), consumers: [consumer(history)] });
const brokenBy = (given: Evidence): Invariant[] => [
  ...new Set(check(given).map(({ invariant }) => invariant)),
];

test('a task that was lost once and then ended well breaks nothing', () => {
  expect(check(evidence())).toEqual([]);
});

test('what came of a lost attempt after the end is told once, and changes nothing', () => {
  const late = {
    at: AT + 12,
    swarmId: 'a',
    outcome: 'succeeded' as const,
    startedAt: AT,
    finishedAt: AT + 11,
  };
  const [first, ...others] = ATTEMPTS;
  const tasks = new Map([[ID, task({ attempts: [{ ...(first as Attempts[0]), late }, ...others] })]]);
  const told = (...attempts: number[]): Event[] => [
    ...HISTORY,
    ...attempts.map((attempt, at) => ({
      ...(HISTORY[0] as Event),
      ...{ type: 'task.late-result' as const, seq: HISTORY.length + at + 1, attempt },
    })),
  ];
  const found = (history: Event[]): Invariant[] =>
    brokenBy(evidence({ tasks, histories: new Map([[ID, history]]), consumers: [consumer(history)] }));
  expect(found(told(1))).toEqual([]);
  expect(found(told(1, 1))).toEqual(['history-agrees']);
  expect(found(told())).toEqual(['history-agrees']);
});

test('a submission that nobody acknowledged is told as that, whether there is a task or not', () => {
  const { id: _id, acknowledgedAt: _at, ...unanswered } = SUBMISSION;
  const given = { ...unanswered, error: 'no answer' };
  expect(brokenBy(evidence({ submissions: [given] }))).toEqual(['submissions-answered']);
});

test('who follows some events has to have heard exactly those', () => {
  const ends = ({ type }: Event): boolean => type === 'task.succeeded';
  const found = (heard: readonly Event[]): Invariant[] =>
    brokenBy(evidence({ consumers: [consumer(HISTORY), consumer(heard, ends)] }));
  expect(found(HISTORY.filter(ends))).toEqual([]);
  expect(found([])).toEqual(['events-gapless']);
  expect(found(HISTORY)).toEqual(['events-gapless']);
});

test('a message that is lost under faults breaks no promise', () => {
  expect(check(evidence({ mail: [letter('sent')] }))).toEqual([]);
  expect(check(evidence({ mail: [letter('unsent')] }))).toEqual([]);
  expect(check(evidence({ mail: [letter('sent'), letter('heard')] }))).toEqual([]);
});

test('work that is done twice is found where nothing was done by force', () => {
  const twice = EXECUTIONS.map((each) => ({ ...each, ended: { at: AT + 8, how: 'end' as const } }));
  const found = (gentleUntil: number): Invariant[] => brokenBy(evidence({ executions: twice, gentleUntil }));
  expect(found(AT + 9)).toEqual(['effect-once']);
  expect(found(AT + 8)).toEqual([]);
});

const failed = eventsOf(['task.submitted'], ['task.queued'], ['task.assigned', 1], ['task.failed', 1]);
const limitedTasks = Array.from({ length: LIMITED.perKey + 1 }, (_, at): [string, Task] => {
  const over = { id: `t0-${at}`, namespace: LIMITED.namespace, limitKeys: [LIMITED.keys[0]] };
  return [
    over.id,
    task({ ...over, state: 'failed', attempts: [{ ...lost, outcome: 'failed' }], attempt: 1 }),
  ];
});

test.each<[Invariant, string, Evidence]>([
  ['acknowledged-ends', 'an acknowledged task is gone', evidence({ tasks: new Map(), histories: new Map() })],
  [
    'one-task',
    'a submission became two tasks',
    evidence({
      listed: [
        { n: 0, id: ID },
        { n: 0, id: 't0-2' },
      ],
    }),
  ],
  [
    'attempt-once',
    'an attempt ran on two swarms',
    evidence({ executions: [...EXECUTIONS, { ...EXECUTIONS[0], swarmId: 'c', token: 'x' } as Execution] }),
  ],
  [
    'result-of-current',
    'the result is that of a stale attempt',
    withTask({ output: { n: 0, attempt: 1, token: 'one' } }),
  ],
  ['result-of-current', 'nobody made the result', withTask({ output: { n: 0, attempt: 2, token: 'three' } })],
  [
    'result-of-current',
    'the result is that of another task',
    withTask({ output: { n: 7, attempt: 2, token: 'two' } }),
  ],
  ['result-of-current', 'the record names another swarm', withTask({ swarmId: 'a' })],
  [
    'result-of-current',
    'two attempts succeeded',
    evidence({
      tasks: new Map([[ID, task({ attempts: ATTEMPTS.map((each) => ({ ...each, outcome: 'succeeded' })) })]]),
      histories: new Map([
        [
          ID,
          HISTORY.map((event) =>
            event.type === 'task.lost' ? { ...event, type: 'task.refused' as const } : event,
          ),
        ],
      ]),
    }),
  ],
  ['history-agrees', 'an event is missing', withHistory(HISTORY.filter(({ seq }) => seq !== 3))],
  ['history-agrees', 'the history ends otherwise than the record', withHistory(failed)],
  ['events-gapless', 'an event was not heard', evidence({ consumers: [consumer(HISTORY.slice(0, -1))] })],
  [
    'events-gapless',
    'events were heard out of order',
    evidence({ consumers: [consumer([...HISTORY].reverse())] }),
  ],
  [
    'events-gapless',
    'events were not kept',
    evidence({ consumers: [{ ...consumer(HISTORY), gaps: ['4 to 9 are gone'] }] }),
  ],
  ['all-given-back', 'a slot is still taken', evidence({ remains: ['1 busy slot'] })],
  [
    'messages-once',
    'a message was heard twice',
    evidence({ mail: [letter('sent'), letter('heard'), letter('heard')] }),
  ],
  [
    'messages-once',
    'a message came to another one',
    evidence({ mail: [letter('sent'), { ...letter('heard'), swarmId: 'c' }] }),
  ],
  [
    'messages-once',
    'a message did not come although nothing was disturbed',
    evidence({ mail: [{ ...letter('sent'), calm: true }] }),
  ],
  [
    'result-of-current',
    'the large part of a result is another one',
    withTask({ inputRef: REF, output: large('1 ') }),
  ],
  ['payloads-kept', 'a payload is missing', evidence({ payloads: ['dangling'] })],
  ['streams-whole', 'a number is missing', evidence({ watched: [watched([1, 1], [1, 3])] })],
  ['streams-whole', 'a number came twice', evidence({ watched: [watched([1, 1], [1, 1])] })],
  ['streams-whole', 'an attempt came after a later one', evidence({ watched: [watched([2, 1], [1, 1])] })],
  ['streams-whole', 'a stream did not end', evidence({ watched: [{ ...watched([1, 1]), ended: false }] })],
  ['orderly-ends', 'a program did not end in order', evidence({ disorders: ['exit code 1'] })],
  ['records-agree', 'a count is too high', evidence({ differences: ['count in shard 3'] })],
])('%s is broken when %s', (invariant, _name, given) => {
  expect(brokenBy(given)).toContain(invariant);
});

test('a stream is whole where what is missing was told, and each attempt begins anew', () => {
  const gap = { kind: 'gap' as const, attempt: 1, seq: 2, until: 4, at: AT };
  const { items } = watched([1, 1], [1, 5], [2, 1]);
  const [first, ...rest] = items;
  if (!first) throw new Error('there is one');
  expect(check(evidence({ watched: [{ ...watched(), items: [first, gap, ...rest] }] }))).toEqual([]);
});

test('a large result is right where all of it is that of its submission', () => {
  expect(check(withTask({ inputRef: REF, output: large(blobOf(0)) }))).toEqual([]);
});

test('a task that is still under way breaks the promise that it ends', () => {
  expect(brokenBy(withTask({ state: 'queued' }))).toContain('acknowledged-ends');
});

test('a failure that the work does not ask for is one; too many losses are not', () => {
  const error = { code: 'attempt-failed', message: 'x', retryable: true };
  expect(brokenBy(withTask({ state: 'failed', error }))).toContain('ends-as-worked');
  expect(brokenBy(withTask({ state: 'cancelled' }))).toContain('ends-as-worked');
  expect(brokenBy(withTask({ state: 'failed', error: { ...error, code: 'attempt-lost' } }))).not.toContain(
    'ends-as-worked',
  );
});

test('more attempts at once than a limit allows are found, one after the other are not', () => {
  const found = (tasks: [string, Task][]): boolean =>
    brokenBy(evidence({ tasks: new Map(tasks) })).includes('limits-held');
  expect(found(limitedTasks)).toBe(true);
  expect(found(limitedTasks.slice(1))).toBe(false);
  const later = limitedTasks.map(([id, each], at): [string, Task] => [
    id,
    {
      ...each,
      attempts: [{ ...lost, assignedAt: AT + at * 5, endedAt: AT + at * 5 + 5, outcome: 'failed' }],
    },
  ]);
  expect(found(later)).toBe(false);
});
