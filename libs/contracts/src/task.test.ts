import { toFindings } from './findings';
import { LIMITS } from './limits';
import { ERRORS } from './errors';
import { Step } from './step';
import { ErrorCodeSchema, isTerminal, TASK_STATES, TaskSubmission } from './task';

function faults(given: unknown): string[] {
  const parsed = TaskSubmission.safeParse(given);
  return parsed.success ? [] : toFindings(parsed.error).map(({ pointer, code }) => `${pointer} ${code}`);
}

describe('the spelling with underscores', () => {
  test('of a step means the same as ours', () => {
    const underscored = {
      task_id: 'design',
      task_type: 'design',
      estimated_duration: 1.5,
      requirements: {
        region: 'eu-*',
        capabilities: 'llm',
        requires_gpu: true,
        cpu_intensive: true,
        cost_sensitive: true,
        model: 'small',
        context_tokens: 8_000,
        private: false,
      },
    };
    const ours = {
      id: 'design',
      type: 'design',
      estimateMs: 1_500,
      requirements: {
        region: ['eu-*'],
        capabilities: ['llm'],
        resources: { gpu: 1, cpu: 2 },
        attributes: { model: 'small', context_tokens: 8_000, private: false },
      },
    };
    expect(Step.parse(underscored)).toEqual(Step.parse(ours));
  });

  test('false asks for nothing', () => {
    const { requirements } = TaskSubmission.parse({
      task_type: 'a',
      requirements: { requires_gpu: false, cpu_intensive: false, cost_sensitive: false },
    });
    expect(requirements).toEqual({});
  });

  test('what is given both ways is a fault, not a guess', () => {
    const given = { task_type: 'a', type: 'b', estimated_duration: 1, estimateMs: 5 };
    expect(faults(given)).toEqual(['/task_type unknown-field', '/estimated_duration unknown-field']);
  });

  test('a flat requirement joins what is given in full, which wins', () => {
    const { requirements } = TaskSubmission.parse({
      type: 'a',
      requirements: {
        tier: 'gold',
        model: 'small',
        attributes: { model: 'large' },
        requires_gpu: true,
        resources: { gpu: 4 },
      },
    });
    expect(requirements).toEqual({ attributes: { tier: 'gold', model: 'large' }, resources: { gpu: 4 } });
  });

  test.each([
    ['a task without a type', {}, ['/type invalid-type']],
    ['a duration in words', { type: 'a', estimated_duration: '5m' }, ['/estimateMs invalid-type']],
    ['a negative duration', { type: 'a', estimated_duration: -1 }, ['/estimateMs too-small']],
    [
      'an object as a requirement',
      { type: 'a', requirements: { gpu: { count: 1 } } },
      ['/requirements/gpu unknown-field'],
    ],
    [
      'a requirement of nothing',
      { type: 'a', requirements: { tier: null } },
      ['/requirements/tier unknown-field'],
    ],
    [
      'attributes that are no object, beside a flat one',
      { type: 'a', requirements: { attributes: 'fast', tier: 'gold' } },
      ['/requirements/attributes invalid-type'],
    ],
    [
      'resources that are a list, beside a flat one',
      { type: 'a', requirements: { resources: ['gpu'], requires_gpu: true } },
      ['/requirements/resources invalid-type'],
    ],
    ['requirements that are a list', { type: 'a', requirements: [] }, ['/requirements invalid-type']],
  ])('%s is refused', (_name, given, expected) => {
    expect(faults(given)).toEqual(expected);
  });
});

test('unknown fields are refused however deep they are', () => {
  const given = {
    type: 'a',
    colour: 'red',
    retry: { maxAttempt: 3 },
    timeouts: { start_to_close: 1 },
    requirements: { resources: { tpu: 1 } },
  };
  expect(faults(given).sort()).toEqual([
    '/colour unknown-field',
    '/requirements/resources/tpu unknown-field',
    '/retry/maxAttempt unknown-field',
    '/timeouts/start_to_close unknown-field',
  ]);
});

test('a task is complete by its type alone', () => {
  expect(TaskSubmission.parse({ type: 'a' })).toEqual({
    type: 'a',
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
  });
});

test('metadata is limited in entries and in the length of each', () => {
  const entries = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
  expect(faults({ type: 'a', metadata: entries(LIMITS.METADATA_ENTRIES) })).toEqual([]);
  expect(faults({ type: 'a', metadata: entries(LIMITS.METADATA_ENTRIES + 1) })).toEqual(['/metadata custom']);
  const long = 'x'.repeat(LIMITS.METADATA_VALUE_CHARS + 1);
  expect(faults({ type: 'a', metadata: { long } })).toEqual(['/metadata/long too-big']);
});

describe('time and order', () => {
  test.each([
    [
      'a wait of no time for a start',
      { timeouts: { scheduleToStartMs: 0 } },
      '/timeouts/scheduleToStartMs too-small',
    ],
    ['a run of no time', { timeouts: { startToCloseMs: 0 } }, '/timeouts/startToCloseMs too-small'],
    ['a silence of no time', { timeouts: { heartbeatMs: 0 } }, '/timeouts/heartbeatMs too-small'],
    [
      'a deadline as epoch ms',
      { timeouts: { deadline: 1_773_480_413_589 } },
      '/timeouts/deadline invalid-type',
    ],
    [
      'a deadline in local time',
      { timeouts: { deadline: '2026-03-14T12:00:00+01:00' } },
      '/timeouts/deadline invalid-format',
    ],
    ['retries within no time', { retry: { totalMs: 0 } }, '/retry/totalMs too-small'],
    ['a start that is no instant', { notBefore: 'tomorrow' }, '/notBefore invalid-format'],
    ['a wait for a signal without a name', { waitFor: {} }, '/waitFor/signal invalid-type'],
    [
      'a wait for a signal of no time',
      { waitFor: { signal: 'go', timeoutMs: 0 } },
      '/waitFor/timeoutMs too-small',
    ],
    ['a fairness key with a star', { fairnessKey: 'customer:*' }, '/fairnessKey invalid-format'],
    ['a limit key with a star', { limitKeys: ['customer:*'] }, '/limitKeys/0 invalid-format'],
  ])('%s is refused', (_name, fields, fault) => {
    expect(faults({ type: 'a', ...fields })).toEqual([fault]);
  });

  test('a task names as many limit keys as it may, and no more', () => {
    const limitKeys = Array.from({ length: LIMITS.LIMIT_KEYS }, (_, index) => `key-${index}`);
    expect(faults({ type: 'a', limitKeys })).toEqual([]);
    expect(faults({ type: 'a', limitKeys: [...limitKeys, 'one-more'] })).toEqual(['/limitKeys too-big']);
  });

  test("a step's start is its workflow's affair: notBefore is unknown there", () => {
    const parsed = Step.safeParse({ id: 'a', type: 'a', notBefore: '2026-03-14T12:00:00Z' });
    expect(parsed.error && toFindings(parsed.error)).toMatchObject([
      { pointer: '/notBefore', code: 'unknown-field' },
    ]);
  });
});

describe('keys of the prototype', () => {
  test.each(['requirements', 'retry', 'timeouts'])(
    'in %s are unknown fields and do not reach the result',
    (field) => {
      const given: unknown = JSON.parse(
        `{"type":"a","${field}":{"__proto__":{"capabilities":["x"],"maxAttempts":9,"startToCloseMs":9}}}`,
      );
      expect(faults(given)).toEqual([`/${field}/__proto__ unknown-field`]);
    },
  );

  test('as a flat requirement are no attribute', () => {
    expect(faults(JSON.parse('{"type":"a","requirements":{"__proto__":5}}'))).toEqual([
      '/requirements/__proto__ unknown-field',
    ]);
    const { requirements } = TaskSubmission.parse({ type: 'a', requirements: { constructor: 5 } });
    expect(Object.entries(requirements.attributes ?? {})).toEqual([['constructor', 5]]);
  });

  test('in the input change no object but their own, in metadata they are refused', () => {
    const given: unknown = JSON.parse(
      '{"type":"a","input":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
    );
    const { input } = TaskSubmission.parse(given);
    expect(Object.getPrototypeOf(input)).toBe(Object.getPrototypeOf({}));
    expect(faults(JSON.parse('{"type":"a","metadata":{"__proto__":"x"}}'))).toEqual([
      '/metadata/__proto__ custom',
    ]);
    expect((input as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.hasOwn(input as object, 'constructor')).toBe(true);
  });
});

test('five states are ends, the others are on the way', () => {
  expect(TASK_STATES.filter(isTerminal)).toEqual(['succeeded', 'failed', 'cancelled', 'expired', 'skipped']);
  expect(isTerminal('constructor')).toBe(false);
});

test('the schema of error codes is the catalogue', () => {
  expect(ErrorCodeSchema.options).toEqual(Object.keys(ERRORS));
});
