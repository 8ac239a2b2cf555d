import { Writable } from 'node:stream';
import { MultiswarmError } from '@multiswarm/contracts';
import { createLogger, type LoggerOptions } from './logger';

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'test', level: 'info', stream, ...options });
  const first = (): Record<string, unknown> => JSON.parse(lines[0] ?? 'null') as Record<string, unknown>;
  return { logger, lines, first };
}

describe('the logger', () => {
  test('writes one JSON object per line, with time, level, service and message', () => {
    const { logger, lines, first } = capture();
    logger.info('hello', { taskId: 't1' });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('}\n')).toBe(true);
    expect(first()).toMatchObject({ level: 'info', service: 'test', message: 'hello', taskId: 't1' });
    expect(new Date(String(first()['time'])).toISOString()).toBe(first()['time']);
  });

  test('turns a traceparent into the ids by which a trace is found', () => {
    const { logger, first } = capture();
    logger.info('x', { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    expect(first()).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
    });
    expect(first()).not.toHaveProperty('traceparent');
  });

  test('shows an invalid traceparent as it is', () => {
    const { logger, first } = capture();
    logger.info('x', { traceparent: 'nonsense' });
    expect(first()).toMatchObject({ traceparent: 'nonsense' });
  });

  test('renders errors with code, message, stack and the chain of causes', () => {
    const { logger, first } = capture();
    const cause = new Error('socket closed', {
      cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    });
    logger.error('x', { error: new MultiswarmError('store-unavailable', 'no answer', { cause }) });
    expect(first()['error']).toMatchObject({
      code: 'store-unavailable',
      message: 'no answer',
      stack: expect.stringContaining('logger.test') as string,
      cause: { message: 'socket closed', cause: { message: 'reset', code: 'ECONNRESET' } },
    });
  });

  test('writes a line whatever the fields hold: cycles, bigints, throwing getters, errors that cause themselves', () => {
    const { logger, lines, first } = capture();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const own = new Error('own');
    own.cause = own;
    const getter = {
      get bad(): never {
        throw new Error('no');
      },
    };
    logger.info('x', { cycle, big: 12n, getter, own, missing: undefined, text: 'kept' });
    expect(lines).toHaveLength(1);
    expect(first()).toMatchObject({ message: 'x', big: '12', text: 'kept', own: { message: 'own' } });
  });

  test('does not let fields replace what every line promises', () => {
    const { logger, first } = capture();
    logger.info('real', { message: 'other', level: 'debug' });
    expect(first()).toMatchObject({
      message: 'real',
      level: 'info',
      field_message: 'other',
      field_level: 'debug',
    });
  });

  test('a child adds its fields to every line, and fields of the line win', () => {
    const { logger, first } = capture();
    logger.child({ shard: 3, a: 1 }).child({ b: 2 }).info('x', { a: 9 });
    expect(first()).toMatchObject({ shard: 3, a: 9, b: 2 });
  });

  test('writes nothing below its level, and nothing at all when silent', () => {
    const warn = capture({ level: 'warn' });
    warn.logger.info('no');
    warn.logger.warn('yes');
    expect(warn.lines).toHaveLength(1);
    const silent = capture({ level: 'silent' });
    silent.logger.error('no');
    expect(silent.lines).toHaveLength(0);
  });

  test('as text, keeps a line to one line and puts stacks below it', () => {
    const { logger, lines } = capture({ json: false });
    logger.warn('slow', { what: 'a b', n: 1, error: new Error('boom') });
    const [head, ...stack] = (lines[0] ?? '').split('\n');
    expect(head).toMatch(/WARN {2}test slow what="a b" n=1 error="boom"$/);
    expect(stack.join('\n')).toContain('Error: boom');
  });
});
