import { Breaker } from './breaker';

const RULES = { failures: 2, openMs: 100, longestMs: 300 };

test('it opens after failures in a row, lets one through when its time is over, and closes with the first success', () => {
  const breaker = new Breaker(RULES);
  expect([breaker.failed(0), breaker.state(0)]).toEqual([false, 'closed']);
  expect([breaker.failed(0), breaker.state(99), breaker.allows(99)]).toEqual([true, 'open', 0]);
  expect([breaker.state(100), breaker.allows(100)]).toEqual(['half-open', 1]);
  breaker.given(100);
  expect(breaker.allows(100)).toBe(0);
  breaker.succeeded();
  expect([breaker.state(100), breaker.allows(100)]).toEqual(['closed', Infinity]);
  expect(breaker.failed(100)).toBe(false);
});

test('each try that fails keeps it open for twice as long, up to a bound; one that came back untried is tried again', () => {
  const breaker = new Breaker(RULES);
  breaker.failed(0);
  breaker.failed(0);
  let nowMs = 100;
  for (const openMs of [200, 300, 300]) {
    breaker.given(nowMs);
    breaker.untried();
    expect(breaker.allows(nowMs)).toBe(1);
    breaker.given(nowMs);
    expect(breaker.failed(nowMs)).toBe(true);
    expect([breaker.state(nowMs + openMs - 1), breaker.state(nowMs + openMs)]).toEqual(['open', 'half-open']);
    nowMs += openMs;
  }
});
