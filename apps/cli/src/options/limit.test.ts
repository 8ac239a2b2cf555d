import { Fault } from '../faults';
import { limitText } from '../views/namespace';
import { limitOption } from './limit';

test.each([
  ['10', { concurrency: 10 }, '10 at a time'],
  ['0', { concurrency: 0 }, '0 at a time'],
  ['100/1s', { rate: { tasks: 100, perMs: 1_000 } }, '100 per 1s'],
  ['10, 500/1m', { concurrency: 10, rate: { tasks: 500, perMs: 60_000 } }, '10 at a time, 500 per 1m'],
  ['5/250ms,3', { concurrency: 3, rate: { tasks: 5, perMs: 250 } }, '3 at a time, 5 per 250ms'],
])('%s is a limit, and is shown', (text, limit, shown) => {
  expect(limitOption('--limit', text)).toEqual(limit);
  expect(limitText(limit)).toBe(shown);
});

test('none is no limit', () => expect(limitOption('--limit', 'none')).toBeUndefined());

test.each(['', 'ten', '-1', '1.5', '10,20', '1/1s,2/1s', '5/', '5/soon', '5/1s/2', '/1s', '10,'])(
  '%j is refused with what would do',
  (text) => {
    expect(() => limitOption('--limit', text)).toThrow(Fault);
    expect(() => limitOption('--limit', text)).toThrow(`--limit: "${text}" is no limit`);
  },
);
