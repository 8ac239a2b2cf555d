import fc from 'fast-check';
import { Breaker, type Ended, type Sign } from './breaker';
import { HEALTH_DEFAULTS, THRESHOLDS } from './health-settings';
import { OutcomeWindow } from './outcome-window';

const { BREAKER_OPEN_MS, BREAKER_OPEN_MOST_MS, BREAKER_JITTER, BREAKER_STEADY_MS } = THRESHOLDS;

class Bench {
  readonly window = new OutcomeWindow();
  readonly refusals = new OutcomeWindow();
  readonly breaker: Breaker;
  nowMs = 1_000_000;

  constructor(settings = HEALTH_DEFAULTS, seed = 1) {
    this.breaker = new Breaker(seed, settings, this.window, this.refusals);
  }

  end(
    sign: Sign,
    {
      durationMs = 0,
      failsElsewhere = 0,
      refusedElsewhere = 0,
    }: { durationMs?: number; failsElsewhere?: number; refusedElsewhere?: number } = {},
  ) {
    const ended: Ended = { sign, beganMs: this.nowMs - durationMs, endedMs: this.nowMs, failsElsewhere };
    if (sign !== 'neutral') this.refusals.add(sign === 'busy', refusedElsewhere, this.nowMs);
    if (sign === 'succeeded' || sign === 'failed')
      this.window.add(sign === 'failed', failsElsewhere, this.nowMs);
    return this.breaker.ended(ended);
  }

  times(count: number, sign: Sign, given?: Parameters<Bench['end']>[1]): void {
    for (let each = 0; each < count; each += 1) this.end(sign, given);
  }

  pass(ms: number): boolean {
    this.nowMs += ms;
    return this.breaker.tick(this.nowMs);
  }

  trip(): this {
    this.times(5, 'failed');
    expect(this.breaker.state).toBe('open');
    return this;
  }

  halfOpen(): this {
    this.pass(this.breaker.untilMs - this.nowMs);
    expect(this.breaker.state).toBe('half-open');
    return this;
  }
}

describe('B2: what trips it', () => {
  test('five failures in a row, and not four', () => {
    const bench = new Bench();
    bench.times(4, 'failed');
    bench.end('succeeded');
    bench.times(4, 'failed');
    expect(bench.breaker.state).toBe('closed');
    expect(bench.end('failed')).toBe(true);
    expect(bench.breaker.state).toBe('open');
    expect(bench.breaker.reason).toBe('5 failures in a row');
  });

  test('a refusal neither adds to a row nor ends it', () => {
    const bench = new Bench();
    bench.times(15, 'busy');
    bench.times(4, 'failed');
    expect(bench.breaker.state).toBe('closed');
    bench.end('busy');
  });

  test('a low success rate of the window, once there is enough to tell', () => {
    const bench = new Bench();
    bench.end('failed');
    for (let each = 0; each < 9; each += 1) {
      bench.end('failed');
      bench.end('succeeded');
    }
    expect(bench.breaker.state).toBe('closed');
    bench.end('failed');
    expect(bench.breaker.state).toBe('open');
    expect(bench.breaker.reason).toBe('45% of its last 20 attempts went well, fewer than 50%');
  });

  test('refusals of most that it is given, once there is enough to tell', () => {
    const bench = new Bench();
    bench.times(9, 'succeeded');
    bench.times(10, 'busy');
    expect(bench.breaker.state).toBe('closed');
    bench.end('busy');
    expect(bench.breaker.state).toBe('open');
    expect(bench.breaker.reason).toBe('it refused 11 of its last 20 attempts, where others refuse 0%');
  });

  test('not refusals that others make as well', () => {
    const bench = new Bench();
    const given = { refusedElsewhere: 0.4 };
    bench.times(10, 'succeeded', given);
    bench.times(70, 'busy', given);
    expect(bench.breaker.state).toBe('closed');
    bench.times(100, 'busy', given);
    expect(bench.breaker.state).toBe('open');
  });

  test('neither, where both are switched off', () => {
    const bench = new Bench({ ...HEALTH_DEFAULTS, failuresInRow: 0, leastSuccess: 0 });
    bench.times(1_000, 'failed');
    expect(bench.breaker.state).toBe('closed');
  });

  test('nothing that is neutral', () => {
    const bench = new Bench();
    bench.times(4, 'failed');
    bench.times(1_000, 'neutral');
    expect(bench.breaker.state).toBe('closed');
  });
});

describe('B6: a type that fails elsewhere too', () => {
  test.each([
    [0.05, 5],
    [0.1, 5],
    [0.3, 10],
    [0.5, 17],
  ])('with a share of %d failures elsewhere trips after %d in a row', (failsElsewhere, inRow) => {
    const bench = new Bench({ ...HEALTH_DEFAULTS, leastSuccess: 0 });
    bench.times(inRow - 1, 'failed', { failsElsewhere });
    expect(bench.breaker.state).toBe('closed');
    bench.end('failed', { failsElsewhere });
    expect(bench.breaker.state).toBe('open');
  });

  test('that always fails trips nothing, by a row or by its rate', () => {
    const bench = new Bench();
    bench.times(1_000, 'failed', { failsElsewhere: 1 });
    expect(bench.breaker.state).toBe('closed');
  });
});

test('B3: what began before it opened decides nothing', () => {
  const bench = new Bench().trip();
  expect(bench.end('succeeded')).toBe(false);
  bench.halfOpen();
  expect(bench.end('succeeded', { durationMs: 60_000 })).toBe(false);
  expect(bench.end('failed', { durationMs: 60_000 })).toBe(false);
  expect(bench.breaker.state).toBe('half-open');
});

describe('B4: a probe', () => {
  test('that succeeds closes', () => {
    const bench = new Bench().trip().halfOpen();
    expect(bench.end('succeeded', { durationMs: 10 })).toBe(true);
    expect(bench.breaker.state).toBe('closed');
    expect(bench.window.volume).toBe(0);
  });

  test('that fails opens for longer, one that is refused for as long again', () => {
    const bench = new Bench().trip();
    const first = bench.breaker.untilMs - bench.nowMs;
    bench.halfOpen().end('busy');
    expect(bench.breaker.untilMs - bench.nowMs).toBe(first);
    bench.halfOpen().end('failed');
    expect(bench.breaker.untilMs - bench.nowMs).toBeGreaterThan(1.2 * first);
  });

  test('that does not end in time opens for longer', () => {
    const bench = new Bench().trip().halfOpen();
    bench.breaker.placed(bench.nowMs + 60_000);
    bench.breaker.placed(bench.nowMs + 90_000);
    expect(bench.pass(59_999)).toBe(false);
    expect(bench.pass(1)).toBe(true);
    expect(bench.breaker.state).toBe('open');
    expect(bench.breaker.reason).toBe('its probe did not end in time');
  });

  test('that says nothing makes room for the next, and no probe is waited for without an end', () => {
    const bench = new Bench().trip().halfOpen();
    bench.breaker.placed(bench.nowMs + 60_000);
    bench.end('neutral');
    expect(bench.pass(60_000)).toBe(false);
    bench.breaker.placed(bench.nowMs + 60_000);
    expect(bench.end('failed', { failsElsewhere: 0.9 })).toBe(false);
    expect(bench.pass(1_000_000)).toBe(false);
    expect(bench.end('succeeded')).toBe(true);
  });
});

test('B5: one that flaps stays out longer each time, up to a limit; after a while in good health that is forgotten', () => {
  const bench = new Bench();
  const times: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    bench.trip();
    times.push(bench.breaker.untilMs - bench.nowMs);
    bench.halfOpen().end('succeeded');
    bench.pass(BREAKER_STEADY_MS - 1);
  }
  for (const [round, time] of times.entries()) {
    const exact = Math.min(BREAKER_OPEN_MOST_MS, BREAKER_OPEN_MS * 2 ** round);
    expect(time).toBeGreaterThanOrEqual(exact * (1 - BREAKER_JITTER) - 1);
    expect(time).toBeLessThanOrEqual(exact * (1 + BREAKER_JITTER) + 1);
  }
  bench.pass(1);
  bench.trip();
  expect(bench.breaker.untilMs - bench.nowMs).toBeLessThanOrEqual(BREAKER_OPEN_MS * (1 + BREAKER_JITTER));
});

test('the delays of one swarm are the same on every replica, those of two swarms differ', () => {
  const until = (seed: number) => new Bench(HEALTH_DEFAULTS, seed).trip().breaker.untilMs;
  expect(until(7)).toBe(until(7));
  expect(new Set([1, 2, 3, 4, 5].map(until)).size).toBe(5);
});

test('reset, it is as new', () => {
  const bench = new Bench().trip();
  bench.breaker.reset();
  expect([bench.breaker.state, bench.breaker.reason, bench.window.volume]).toEqual(['closed', '', 0]);
  const first = new Bench().trip();
  bench.trip();
  expect(bench.breaker.untilMs).toBe(first.breaker.untilMs);
});

test('whatever happens: open for no longer than its time, and only from open comes half-open', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('end' as const),
      sign: fc.constantFrom<Sign>('succeeded', 'failed', 'failed', 'failed', 'busy', 'neutral'),
      durationMs: fc.nat(20_000),
      failsElsewhere: fc.constantFrom(0, 0.05, 0.5, 1),
    }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(20_000) }),
    fc.record({ kind: fc.constant('placed' as const), forMs: fc.nat(30_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const bench = new Bench();
      for (const each of steps) {
        const { state: before, openedAtMs } = bench.breaker;
        let changed: boolean;
        if (each.kind === 'end') changed = bench.end(each.sign, each);
        else if (each.kind === 'pass') changed = bench.pass(each.ms);
        else changed = (bench.breaker.placed(bench.nowMs + each.forMs), false);
        const { state } = bench.breaker;
        expect(changed).toBe(state !== before || bench.breaker.openedAtMs !== openedAtMs);
        if (state === 'half-open' && before !== 'half-open') expect(before).toBe('open');
        if (state === 'closed' && before !== 'closed') expect(before).toBe('half-open');
        if (each.kind === 'end' && before === 'open') expect(state).toBe('open');
        if (state === 'open')
          expect(bench.breaker.untilMs - bench.nowMs).toBeLessThanOrEqual(BREAKER_OPEN_MOST_MS * 1.2);
        expect(bench.breaker.reason === '').toBe(state === 'closed');
      }
    }),
  );
});
