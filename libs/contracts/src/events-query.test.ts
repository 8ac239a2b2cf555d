import { TASK_STATES } from './task';
import type { Event } from './event';
import { EventFilter, EventsQuery, isWanted } from './events-query';
import { toFindings } from './findings';

const event: Event = {
  ...{ v: 1, seq: 3, at: 7, type: 'task.failed', namespace: 'shop' },
  ...{ root: 'w3-0198c2d4e5f6', taskId: 't3-0198c2d4e5f7', swarmId: 'eu-west-1', region: 'eu-west' },
};

const lets = (given: unknown): boolean => isWanted(event, EventFilter.parse(given));

test.each([
  [{}],
  [{ root: 'w3-0198c2d4e5f6' }],
  [{ root: 't3-0198c2d4e5f7' }],
  [{ type: 'task.failed' }],
  [{ type: 'task.*' }],
  [{ type: 'workflow.*,task.fa*' }],
  [{ type: ['workflow.*', 'task.*'] }],
  [{ state: 'failed' }],
  [{ state: 'expired,failed', namespace: 'shop', swarm: 'eu-west-1', region: 'eu-west', shard: '3' }],
])('%j lets the event through', (given) => expect(lets(given)).toBe(true));

test.each([
  [{ root: 'w3-0198c2d4e5f7' }],
  [{ type: 'task.succeeded' }],
  [{ type: 'workflow.*' }],
  [{ state: 'succeeded' }],
  [{ namespace: 'default' }],
  [{ swarm: 'eu-west-2' }],
  [{ region: 'us-east' }],
  [{ shard: 4 }],
  [{ state: 'failed', namespace: 'default' }],
])('%j does not', (given) => expect(lets(given)).toBe(false));

function said(given: unknown): string[] {
  const { error } = EventsQuery.safeParse(given);
  return error ? toFindings(error).map(({ pointer, message }) => `${pointer}: ${message}`) : [];
}

test.each([
  [{ root: 'x' }, '/root: an id looks like t3-0198c2... or w3-0198c2...'],
  [{ state: 'done' }, '/state: a state that events tell of: queued, assigned, running'],
  [{ state: 'blocked' }, '/state: a state that events tell of'],
  [{ type: 'task.*,task.done' }, '/type: "task.done": no event is of this type: expected a prefix'],
  [{ namespace: 'a b' }, '/namespace: letters, digits, _ and - only'],
  [{ namespace: '' }, '/namespace: letters'],
  [{ namespace: 'a,' }, '/namespace: "": letters'],
  [{ shard: '-1' }, '/shard: '],
  [{ shard: 'x' }, '/shard: '],
  [{ swarm: Array.from({ length: 65 }, () => 'a').join() }, '/swarm: at most 64 values'],
  [{ from: 'yesterday' }, '/from: an instant in UTC such as 2030-01-31T12:00:00Z'],
  [{ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, '/to: must be after `from`'],
  [{ colour: 'red' }, '/colour: '],
])('%j is refused with what would do', (given, start) => {
  const [first] = said(given);
  expect(first?.slice(0, start.length)).toBe(start);
});

test('every state but that of a task that nobody has told of can be asked for', () => {
  expect(TASK_STATES.filter((state) => said({ state }).length > 0)).toEqual(['blocked']);
});
