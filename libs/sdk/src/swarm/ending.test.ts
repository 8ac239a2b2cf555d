import { LIMITS } from '@multiswarm/contracts';
import { NonRetryableError, RetryableError } from '../errors';
import { endingOfError, endingOfValue } from './ending';

describe('how an attempt ends', () => {
  test('a value is reported as the JSON that it is at that moment', () => {
    const value = { at: new Date(0), list: [1] };
    const ending = endingOfValue(value, undefined);
    value.list.push(2);
    expect(ending).toEqual({ outcome: 'succeeded', output: '{"at":"1970-01-01T00:00:00.000Z","list":[1]}' });
    expect(endingOfValue(undefined, undefined)).toEqual({ outcome: 'succeeded', output: 'null' });
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;
  test.each([
    ['a cycle', circular],
    ['a big integer', 1n],
    ['a function', () => 1],
  ])('an output that is not JSON (%s) fails for good', (_what, value) => {
    expect(endingOfValue(value, undefined)).toMatchObject({
      outcome: 'failed',
      error: { code: 'attempt-failed', retryable: false },
    });
  });

  test('an output that is nested deeper than every face takes it fails for good, unless it is stored', () => {
    const nested = (levels: number, core: string): unknown =>
      JSON.parse(`${'['.repeat(levels)}"${core}"${']'.repeat(levels)}`);
    expect(endingOfValue(nested(LIMITS.JSON_DEPTH, ''), undefined).outcome).toBe('succeeded');
    expect(endingOfValue(nested(LIMITS.JSON_DEPTH + 1, ''), undefined)).toEqual({
      outcome: 'failed',
      error: {
        ...{ code: 'attempt-failed', retryable: false },
        message: 'the output is nested more than 100 levels deep (JSON_DEPTH)',
      },
    });
    const large = nested(LIMITS.JSON_DEPTH + 1, 'x'.repeat(LIMITS.TASK_OUTPUT_BYTES));
    expect(endingOfValue(large, undefined).isLarge).toBe(true);
  });

  test('an output of exactly the limit travels, one byte more has to be stored', () => {
    const quotes = 2;
    const isLarge = (value: string): boolean => endingOfValue(value, undefined).isLarge === true;
    expect(isLarge('x'.repeat(LIMITS.TASK_OUTPUT_BYTES - quotes))).toBe(false);
    expect(isLarge('x'.repeat(LIMITS.TASK_OUTPUT_BYTES - quotes + 1))).toBe(true);
    expect(isLarge('漢'.repeat(LIMITS.TASK_OUTPUT_BYTES / 3))).toBe(true);
  });

  test('an output that no payload can hold fails for good', () => {
    const quotes = 2;
    expect(endingOfValue('x'.repeat(LIMITS.PAYLOAD_BYTES - quotes), undefined).outcome).toBe('succeeded');
    expect(endingOfValue('x'.repeat(LIMITS.PAYLOAD_BYTES - quotes + 1), undefined)).toMatchObject({
      error: { code: 'output-too-large', retryable: false },
    });
  });

  test.each([
    [new RetryableError('rate-limited', 'later'), 'rate-limited', true],
    [new NonRetryableError('bad-prompt', 'never'), 'bad-prompt', false],
    [new Error('boom'), 'attempt-failed', true],
    ['a text', 'attempt-failed', true],
  ])('what a handler throws decides whether it is tried again: %s', (error, code, retryable) => {
    expect(endingOfError(error, undefined)).toMatchObject({ outcome: 'failed', error: { code, retryable } });
  });

  test('a result that comes after the abort by the owner or after its time does not count, one during a stop does', () => {
    expect(endingOfValue(1, 'cancelled').outcome).toBe('cancelled');
    expect(endingOfValue(1, 'superseded').outcome).toBe('cancelled');
    expect(endingOfValue(1, 'timed-out').outcome).toBe('timed-out');
    expect(endingOfValue(1, 'heartbeat-timeout').outcome).toBe('timed-out');
    expect(endingOfValue(1, 'shutdown').outcome).toBe('succeeded');
    expect(endingOfError(new Error('aborted'), 'shutdown').outcome).toBe('lost');
  });

  test('a message of any length fits the record', () => {
    const { error } = endingOfError(new RetryableError('c'.repeat(500), 'm'.repeat(10_000)), undefined);
    expect([error?.code.length, error?.message.length]).toEqual([
      LIMITS.NAME_CHARS,
      LIMITS.ERROR_MESSAGE_CHARS,
    ]);
  });
});
