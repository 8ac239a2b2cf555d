import { newTraceparent, parseTraceparent, spanIdOf, traceIdOf } from './traceparent';

const VALID = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('traceparent', () => {
  test('a new one is valid, sampled, and never the same twice', () => {
    const made = Array.from({ length: 100 }, newTraceparent);
    expect(new Set(made.map(traceIdOf)).size).toBe(100);
    for (const traceparent of made) expect(parseTraceparent(traceparent)).toBe(traceparent);
    expect(made[0]).toMatch(/-01$/);
  });

  test('its parts are the trace id and the span id', () => {
    expect(traceIdOf(VALID)).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(spanIdOf(VALID)).toBe('b7ad6b7169203331');
  });

  test.each([
    ['empty', ''],
    ['upper case', VALID.toUpperCase()],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['a span id of zeros', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['the forbidden version', VALID.replace(/^00/, 'ff')],
    ['more than version 00 has', `${VALID}-extra`],
    ['a line break', `${VALID}\n`],
    ['too short', VALID.slice(0, -1)],
  ])('is refused with %s', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  test('of a later version keeps what this version knows', () => {
    expect(parseTraceparent(`01${VALID.slice(2)}-what-the-future-holds`)).toBe(VALID);
  });
});
