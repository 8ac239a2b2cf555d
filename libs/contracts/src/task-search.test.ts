import { CountTasksQuery, ListTasksQuery } from './task-search';
import { parse } from './findings';

function faults(schema: typeof ListTasksQuery | typeof CountTasksQuery, given: object): string[] {
  const parsed = parse(schema, given, ['query']);
  return parsed.ok ? [] : parsed.findings.map(({ pointer, message }) => `${pointer}: ${message}`);
}

test.each([
  [{ state: 'queued' }, { state: 'queued' }],
  [{ state: 'queued,running' }, { state: ['queued', 'running'] }],
  [{ type: ['a', 'report.*'] }, { type: ['a', 'report.*'] }],
  [
    { region: 'eu-*,us-east', namespace: 'a,b', swarm: 'x,y' },
    { region: ['eu-*', 'us-east'], namespace: ['a', 'b'], swarm: ['x', 'y'] },
  ],
  [{ label: 'note=one, two' }, { label: 'note=one, two' }],
  [{ text: 'one, two' }, { text: 'one, two' }],
])('%j is asked as %j', (given, meant) => {
  expect(ListTasksQuery.parse(given)).toEqual({ ...meant, limit: 50 });
});

test.each([
  [{ state: 'queued,happy' }, '/query/state: /1: expected blocked, queued'],
  [{ type: 'a,' }, '/query/type/1: a name, or a pattern'],
  [{ namespace: 'a b' }, '/query/namespace: letters'],
  [{ state: [] }, '/query/state: must have at least 1 entry'],
  [{ text: '' }, '/query/text: must not be empty'],
  [
    { endedAfter: '2026-01-01T00:00:00Z', endedBefore: '2026-01-01T00:00:00Z' },
    '/query/endedBefore: must be later than endedAfter',
  ],
])('%j is refused, and told what to do', (given, text) => {
  expect(faults(ListTasksQuery, given)).toEqual([expect.stringContaining(text)]);
});

test('counts are by state unless told, and by whatever key of the metadata', () => {
  expect(CountTasksQuery.parse({}).by).toBe('state');
  expect(CountTasksQuery.parse({ by: 'label:a.b' }).by).toBe('label:a.b');
  expect(faults(CountTasksQuery, { by: 'label' })).toEqual([expect.stringContaining('expected state, type')]);
});
