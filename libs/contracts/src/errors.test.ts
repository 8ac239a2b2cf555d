import { asMultiswarmError, ERRORS, MultiswarmError, type ErrorCode } from './errors';

const codes = Object.keys(ERRORS) as ErrorCode[];

test.each(codes)(
  '%s becomes a problem by the catalogue, and the same error again on the other side',
  (code) => {
    const findings = [{ pointer: '/a', code: 'too-big', message: 'too big' }];
    const error = new MultiswarmError(code, 'what happened', { findings, cause: new Error('inner') });
    const { status, title, retryable } = ERRORS[code];
    const problem = error.toProblem('trace-1');
    expect(problem).toEqual({
      type: `urn:multiswarm:error:${code}`,
      title,
      status,
      code,
      detail: 'what happened',
      retryable,
      traceId: 'trace-1',
      errors: findings,
    });

    const arrived = MultiswarmError.fromProblem(JSON.parse(JSON.stringify(problem)));
    expect(arrived).toBeInstanceOf(MultiswarmError);
    expect(arrived).toMatchObject({ code, message: 'what happened', retryable, findings });
    // The cause is for our own log: it does not travel.
    expect(arrived.cause).toBeUndefined();
  },
);

test('every code has a status, an exit code and a title that fit each other', () => {
  for (const code of codes) {
    const { status, exit, title } = ERRORS[code];
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(exit).toBeGreaterThanOrEqual(1);
    expect(exit).toBeLessThanOrEqual(7);
    expect(title).not.toMatch(/\.$/);
    if (status === 503) expect(ERRORS[code]).toMatchObject({ exit: 7, retryable: true });
    if (status === 404) expect(exit).toBe(3);
  }
});

test('a plain error has no findings and no trace in its problem', () => {
  const problem = new MultiswarmError('timeout', 'too late').toProblem();
  expect(Object.keys(problem)).not.toContain('errors');
  expect(Object.keys(problem)).not.toContain('traceId');
});

test.each([
  ['a code of a later version', { code: 'quota-exceeded', detail: 'no more today' }, 'no more today'],
  ['a key of the prototype as code', { code: 'constructor', detail: 'x' }, 'x'],
  ['no code', { detail: 'x' }, 'x'],
  ['nothing', null, 'the error came without a description'],
  ['text', 'Bad Gateway', 'the error came without a description'],
  ['a list', [1, 2], 'the error came without a description'],
])('a problem that is %s is an internal error', (_name, problem, message) => {
  const error = MultiswarmError.fromProblem(problem);
  expect(error).toMatchObject({ code: 'internal', retryable: false, message, findings: [] });
});

test('findings of a peer that are no findings are left out', () => {
  const good = { pointer: '/a', code: 'x', message: 'm' };
  const errors = [good, null, 'text', { pointer: '/b' }];
  expect(MultiswarmError.fromProblem({ code: 'timeout', detail: 'd', errors }).findings).toEqual([good]);
  expect(MultiswarmError.fromProblem({ code: 'timeout', detail: 'd', errors: 'none' }).findings).toEqual([]);
});

test('whatever is thrown becomes one of ours and keeps its cause', () => {
  const ours = new MultiswarmError('timeout', 'late');
  expect(asMultiswarmError(ours)).toBe(ours);
  const foreign = new TypeError('x is undefined');
  expect(asMultiswarmError(foreign)).toMatchObject({
    code: 'internal',
    message: 'x is undefined',
    cause: foreign,
  });
  expect(asMultiswarmError('text')).toMatchObject({ code: 'internal', message: 'text', cause: 'text' });
});
