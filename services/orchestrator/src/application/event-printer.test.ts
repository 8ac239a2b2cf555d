import { EVENT_TYPES, Namespace, Region, StepId, SwarmId, type Event } from '@multiswarm/contracts';
import fc from 'fast-check';
import { EventPrinter } from './event-printer';

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

test('what is printed is the JSON of each event, whatever was printed before it', () => {
  fc.assert(
    fc.property(fc.array(anyEvent), (events) => {
      const printer = new EventPrinter();
      for (const event of events)
        expect(JSON.parse(printer.print(event))).toEqual(JSON.parse(JSON.stringify(event)));
    }),
  );
});

test.each([
  ['namespace', Namespace],
  ['step', StepId],
  ['swarm', SwarmId],
  ['region', Region],
])('the name of a %s has no character that would need escaping', (_what, schema) => {
  expect(schema.safeParse('aA0').success).toBe(true);
  for (const character of ['"', '\\', '\n', '\u2028', '\ud800'])
    expect(schema.safeParse(`a${character}b`).success).toBe(false);
});
