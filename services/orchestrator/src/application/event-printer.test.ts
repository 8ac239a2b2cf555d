import { EVENT_TYPES, Namespace, Region, RunStepId, SwarmId, type Event } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import fc from 'fast-check';
import { placement, spec } from '../../test/support/builders';
import { WatchedTask } from '../../test/support/watched-task';
import { toldEvents } from '../domain/task/told-events';
import { transition } from '../domain/task/transition';
import { printEvent, printTold } from './event-printer';

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,9}$/);
const roots = fc.constantFrom('t0-00000001', 't0-00000002', 'w0-00000001');

const anyEvent: fc.Arbitrary<Event> = fc
  .record(
    {
      v: fc.constant(1 as const),
      type: fc.constantFrom(...EVENT_TYPES),
      seq: fc.integer({ min: 1 }),
      at: fc.nat(),
      namespace: fc.constant('default'),
      root: roots,
      taskId: roots,
      attempt: fc.nat(),
      swarmId: name,
      region: name,
      data: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
    },
    { requiredKeys: ['v', 'type', 'seq', 'at', 'namespace', 'root'] },
  )
  .map((made) => (made.root.startsWith('w') ? { ...made, workflowId: made.root, step: 'a:b/c.d' } : made));

test('what is printed is the JSON of the event', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      expect(JSON.parse(printEvent(event))).toEqual(JSON.parse(JSON.stringify(event)));
    }),
  );
});

test('an attempt is printed with its own number, also where the first one is not number one', () => {
  const task = new WatchedTask(spec());
  const record = { ...task.record, attempt: 1_000 };
  const next = transition(
    record,
    { kind: 'assign', placement: placement(), attempt: 1_001 },
    5,
    seededRandom(1),
  );
  const assigned = { ...(next?.record ?? record), events: 3 };
  expect(JSON.parse(printTold(assigned, 1))).toEqual(toldEvents(assigned).at(-1));
  expect(toldEvents(assigned).at(-1)).toMatchObject({ attempt: 1_001 });
});

test('what a record tells is printed as the events that it tells', () => {
  const task = new WatchedTask(spec({ type: 'a.b:c/d', priority: 'high', namespace: 'n1' }));
  const printedAsTold = (): void => {
    const told = toldEvents(task.record);
    expect(told).toHaveLength(task.record.events);
    for (let count = 1; count <= told.length; count += 1)
      expect(JSON.parse(`[${printTold(task.record, count)}]`)).toEqual(told.slice(-count));
  };
  printedAsTold();
  task.now += 5;
  task.assign(placement({ receipt: { ...placement().receipt, because: 'a "quoted" é' } }));
  printedAsTold();
  task.now += 5;
  task.give({ kind: 'accepted', attempt: 1 });
  printedAsTold();
  task.now += 5;
  const result = { startedAt: task.now - 3, finishedAt: task.now - 1 };
  task.give({ kind: 'finished', attempt: 1, outcome: 'succeeded', result });
  printedAsTold();
});

test.each([
  ['namespace', Namespace],
  ['step', RunStepId],
  ['swarm', SwarmId],
  ['region', Region],
])('the name of a %s has no character that would need escaping', (_what, schema) => {
  expect(schema.safeParse('aA0').success).toBe(true);
  for (const character of ['"', '\\', '\n', '\u2028', '\ud800'])
    expect(schema.safeParse(`a${character}b`).success).toBe(false);
});
