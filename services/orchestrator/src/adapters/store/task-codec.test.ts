import { TASK_STATES, TaskSubmission, type TaskSpec } from '@multiswarm/contracts';
import fc from 'fast-check';
import type { TaskRecord } from '../../domain/task/record';
import { queuedTask, spec } from '../../../test/support/builders';
import { bodyHashIn, decodeTask, encodeSpec, encodeState } from './task-codec';

const ID = 't0-00000001';

function stored(record: TaskRecord, state?: TaskRecord): TaskRecord | undefined {
  return decodeTask(record.id, encodeSpec(record), state && encodeState(state));
}

/** JSON as it arrives: what it cannot say, such as a negative zero, is in no record. */
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));
const count = fc.nat(3);
const time = fc.integer({ min: 0, max: 2_000_000_000_000 });
const name = fc.string({ maxLength: 8 });
const optional = { requiredKeys: [] };

const placed = {
  attempt: count,
  swarmId: fc.constantFrom('eu-1', 'a_b'),
  region: fc.constantFrom('eu', 'us-east-1'),
  assignedAt: time,
  costPerSlotHour: fc.constantFrom(0, 0.5),
  receipt: json,
  after: fc.constantFrom('t0-00000001', 't0-00000002'),
  refusedBy: fc.array(fc.constantFrom('eu-1', 'eu-2')),
  addedLater: json,
};

/** Around every value that is left out when it is the common one, and with what a later version may add. */
const anySpec = fc.record(
  {
    type: name,
    input: fc.oneof(json, fc.constantFrom({}, [], null, '', 0)),
    requirements: fc.record({ capabilities: fc.array(name), labels: fc.dictionary(name, name) }, optional),
    priority: fc.constantFrom('critical', 'high', 'normal', 'low'),
    retry: fc.record({
      maxAttempts: fc.constantFrom(1, 3),
      initialMs: fc.constantFrom(0, 1_000),
      factor: fc.constantFrom(1, 2, 1.5),
      maxMs: fc.constantFrom(1, 60_000),
      jitter: fc.constantFrom(0, 0.2),
      nonRetryableCodes: fc.array(name, { maxLength: 2 }),
    }),
    timeouts: fc.record({ startToCloseMs: count, deadline: name }, optional),
    metadata: fc.dictionary(name, fc.oneof(name, count, fc.boolean())),
    namespace: fc.constantFrom('default', 'other'),
    traceparent: name,
    workflowId: name,
    bodyHash: name,
    addedLater: json,
  },
  {
    requiredKeys: [
      'type',
      'input',
      'requirements',
      'priority',
      'retry',
      'timeouts',
      'metadata',
      'namespace',
      'traceparent',
    ],
  },
);

/** Those that hold a reservation have not ended: it is not kept beyond that. */
const anyAttempt = fc.oneof(
  fc.record(
    { ...placed, startedAt: time, reservationId: fc.constantFrom('01a2-1', '01a2-2') },
    { requiredKeys: ['attempt', 'swarmId', 'region', 'assignedAt', 'costPerSlotHour'] },
  ),
  fc.record(
    {
      ...placed,
      ...{ startedAt: time, endedAt: time, error: json, usage: fc.record({ inputTokens: count }, optional) },
      outcome: fc.constantFrom('succeeded', 'failed', 'lost'),
      cost: fc.constantFrom(0, 0.25),
    },
    {
      requiredKeys: ['attempt', 'swarmId', 'region', 'assignedAt', 'costPerSlotHour', 'outcome', 'cost'],
    },
  ),
);
const createdAt = fc.constantFrom(0, 5, 1_763_830_066_970);
const anyState = fc
  .record(
    {
      state: fc.constantFrom(...TASK_STATES),
      since: createdAt,
      createdAt,
      order: fc.constantFrom(0, 5_000, 5_999, 1_763_830_066_970_123),
      events: count,
      attempt: count,
      failures: count,
      losses: count,
      attempts: fc.array(anyAttempt, { maxLength: 2 }),
      cost: fc.constantFrom(0, 0.1),
      usage: fc.record({ inputTokens: count }, optional),
      waitingSince: createdAt,
      retryAt: time,
      output: json,
      paused: fc.record({ at: time, reason: name }),
      addedLater: json,
    },
    {
      requiredKeys: [
        'state',
        'since',
        'createdAt',
        'order',
        'events',
        'attempt',
        'failures',
        'losses',
        'attempts',
        'cost',
        'usage',
      ],
    },
  )
  .map((state) => state as unknown as Omit<TaskRecord, 'id' | 'spec'>);
const anyRecord = fc
  .record({ spec: anySpec, state: anyState })
  .map(({ spec: own, state }): TaskRecord => ({ id: ID, spec: own as unknown as TaskSpec, ...state }));

test('what is decoded is what was encoded, whatever a record holds', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      expect(stored(record)).toEqual(record);
    }),
    { numRuns: 500 },
  );
});

test('a state that was stored later replaces all that the task was first stored with', () => {
  fc.assert(
    fc.property(anyRecord, anyState, (first, later) => {
      const record: TaskRecord = { id: ID, spec: first.spec, ...later };
      expect(stored(first, record)).toEqual(record);
    }),
    { numRuns: 500 },
  );
});

test('of a common task next to nothing is stored beside its type, its input and its trace', () => {
  const record = { ...queuedTask(ID, { input: { text: 'x' } }, 1_763_830_066_970), events: 2 };
  expect(encodeSpec(record)).toBe(
    `{"spec":{"type":"build","input":{"text":"x"},"traceparent":"${record.spec.traceparent}"},"order":1763830066970000}`,
  );
});

test('what is left out keeps its value when a later version has other defaults', () => {
  const { retry } = TaskSubmission.parse({ type: 'build', retry: { maxAttempts: 7 } });
  const record = queuedTask(ID, { retry, priority: 'low', namespace: 'n' });
  const whole = JSON.parse(encodeSpec(record)) as { spec: object };
  expect(whole.spec).toMatchObject({ retry: { maxAttempts: 7 }, priority: 'low', namespace: 'n' });
  const bare = decodeTask(ID, '{"spec":{"type":"build","traceparent":"x"},"order":5000}', null);
  expect(bare).toEqual({
    id: ID,
    spec: {
      type: 'build',
      input: {},
      requirements: {},
      priority: 'normal',
      retry: {
        maxAttempts: 3,
        initialMs: 1_000,
        factor: 2,
        maxMs: 60_000,
        jitter: 0.2,
        nonRetryableCodes: [],
      },
      timeouts: {},
      metadata: {},
      namespace: 'default',
      traceparent: 'x',
    },
    state: 'queued',
    since: 5,
    createdAt: 5,
    order: 5_000,
    events: 2,
    waitingSince: 5,
    attempt: 0,
    failures: 0,
    losses: 0,
    attempts: [],
    cost: 0,
    usage: {},
  });
});

test('nobody has a record where nothing is stored, and a hash is empty where there is none', () => {
  expect(decodeTask(ID, null, '{"state":"failed"}')).toBeUndefined();
  expect(bodyHashIn(encodeSpec(queuedTask(ID)))).toBe('');
  expect(bodyHashIn(encodeSpec({ ...queuedTask(ID), spec: spec({ bodyHash: 'h' }) }))).toBe('h');
});
