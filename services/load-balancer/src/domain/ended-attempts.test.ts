import { EndedAttempts } from './ended-attempts';

test('an end is remembered for ten seconds, and then forgotten', () => {
  const ended = new EndedAttempts();
  ended.add('a', 0);
  ended.add('b', 5_000);
  ended.forget(9_999);
  expect([ended.has('a'), ended.has('b')]).toEqual([true, true]);
  ended.forget(10_000);
  expect([ended.has('a'), ended.has('b')]).toEqual([false, true]);
});

test('an end that is told again counts from then on', () => {
  const ended = new EndedAttempts();
  ended.add('a', 0);
  ended.add('a', 5_000);
  ended.forget(12_000);
  expect(ended.has('a')).toBe(true);
  ended.forget(15_000);
  expect(ended.has('a')).toBe(false);
});

test('an attempt that is taken back and ends again is remembered from its second end', () => {
  const ended = new EndedAttempts();
  ended.add('a', 0);
  ended.delete('a');
  expect(ended.has('a')).toBe(false);
  ended.add('a', 9_000);
  ended.forget(10_000);
  expect(ended.has('a')).toBe(true);
});

test('of more ends than it remembers the oldest goes first', () => {
  const ended = new EndedAttempts();
  for (let index = 0; index <= 10_000; index++) ended.add(`t${index}`, 0);
  expect([ended.has('t0'), ended.has('t1'), ended.has('t10000')]).toEqual([false, true, true]);
});
