import { LIMITS, OVERLAPS, type Overlap, type WorkflowState } from '@multiswarm/contracts';
import fc from 'fast-check';
import { advance, TIMES_PER_TURN, wakeAt, waitsForEnd } from './advance';
import { backfilled, paused, resumed, triggered } from './asked';
import { startOf } from './jitter';
import { ended, started } from './noted';
import { newState, type Conduct, type ScheduleState, type Times } from './schedule';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A whole hour. */
const T0 = 1_767_600_000_000;

const nextMinute = (after: number): number => Math.floor(after / MINUTE) * MINUTE + MINUTE;
const everyMinute: Times = { next: nextMinute };

function conductOf(over: Partial<Conduct> = {}): Conduct {
  return { id: 'shop/x', times: everyMinute, overlap: 'skip', jitterMs: 0, catchUpMs: HOUR, ...over };
}

/** All that is to start gets its run, which is called after its time. */
function submitted(state: ScheduleState, now: number): ScheduleState {
  const news = state.starting.map((fire) => ({ fire, id: String(fire.at) }));
  return started(state, news, now);
}

function end(state: ScheduleState, id: string, as: WorkflowState = 'succeeded'): ScheduleState {
  return ended(state, new Map([[id, as]]));
}

/** What the policies mean, in as few words as possible. */
class Model {
  readonly log: string[] = [];
  running: number[] = [];
  private queue: number[] = [];

  constructor(private readonly overlap: Overlap) {}

  arrives(at: number): void {
    const { overlap, queue } = this;
    if (overlap === 'allow' || this.running.length === 0) this.start(at);
    else if (overlap === 'skip' || (overlap === 'buffer-one' && queue.length > 0)) this.log.push(`no ${at}`);
    else {
      if (overlap === 'cancel-other') for (const old of queue.splice(0)) this.log.push(`no ${old}`);
      queue.push(at);
    }
  }

  ends(at: number): void {
    this.running = this.running.filter((other) => other !== at);
    const next = this.running.length === 0 ? this.queue.shift() : undefined;
    if (next !== undefined) this.start(next);
  }

  private start(at: number): void {
    this.running.push(at);
    this.log.push(`yes ${at}`);
  }
}

test.each(OVERLAPS)('with %s each time starts, waits or starts nothing as the policy says', (overlap) => {
  const conduct = conductOf({ overlap });
  fc.assert(
    fc.property(fc.array(fc.constantFrom('time', 'end'), { maxLength: 40 }), (steps) => {
      const model = new Model(overlap);
      let state = newState(T0);
      let now = T0;
      for (const step of steps) {
        const first = model.running[0];
        if (step === 'time') {
          now += MINUTE;
          model.arrives(now);
        } else if (first !== undefined) {
          model.ends(first);
          state = end(state, String(first));
        }
        state = submitted(advance(conduct, state, now), now);
        expect(state.running.map(({ at }) => at)).toEqual(model.running);
        const isCancelled = state.running.some(({ cancel }) => cancel === true);
        expect(isCancelled).toBe(overlap === 'cancel-other' && state.waiting.length > 0);
        expect(waitsForEnd(state)).toBe(state.waiting.length > 0);
      }
      const log = state.recent.map(({ outcome, at }) => `${outcome === 'started' ? 'yes' : 'no'} ${at}`);
      expect(log).toEqual(model.log);
    }),
    { numRuns: 60 },
  );
});

type Step = 'minute' | 'hour' | 'end' | 'trigger' | 'pause' | 'resume' | 'backfill' | 'crash';

/** Everything at once, with a crash that forgets what was not stored. */
test('every time is decided once, nothing is under way twice, and what was decided starts after any crash', () => {
  const steps = fc.array(
    fc.constantFrom<Step>('minute', 'hour', 'end', 'trigger', 'pause', 'resume', 'backfill', 'crash'),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, fc.constantFrom(...OVERLAPS), fc.constantFrom(0, 30_000), (all, overlap, jitterMs) => {
      const conduct = conductOf({ overlap, jitterMs, catchUpMs: 10 * MINUTE });
      const begun = new Set<number>();
      const decided: number[] = [];
      let state = newState(T0);
      let now = T0 + 1;
      for (const step of all) {
        if (step === 'minute') now += MINUTE;
        if (step === 'hour') now += HOUR;
        if (step === 'pause') state = paused(state, { note: '', requestedBy: 'ann' }, now);
        if (step === 'resume') state = resumed(state, now);
        if (step === 'trigger') state = triggered(state, {}, now).state;
        const range = {
          from: new Date(now - 5 * MINUTE).toISOString(),
          to: new Date(now - MINUTE).toISOString(),
        };
        if (step === 'backfill' && state.backfills.length < LIMITS.SCHEDULE_BACKFILLS)
          state = backfilled(
            state,
            everyMinute,
            { ...range, overlap: 'buffer-all', requestedBy: 'ann' },
            now,
          ).state;
        const first = state.running[0];
        if (step === 'end' && first) state = end(state, first.id);
        const before = state.cursor;
        const isPaused = state.paused !== undefined;
        // The turn is taken until nothing is left to do; at a crash what it had decided is taken up by another one.
        for (let turn = 0; turn < 500; turn += 1) {
          const next = advance(conduct, JSON.parse(JSON.stringify(state)) as ScheduleState, now);
          if (overlap !== 'allow') expect(next.starting.length + next.running.length).toBeLessThanOrEqual(1);
          const again = step === 'crash' ? advance(conduct, next, now) : next;
          expect(again.starting).toEqual(expect.arrayContaining(next.starting));
          for (const { at } of again.starting.filter(({ cause }) => cause === 'time')) {
            expect(begun).not.toContain(at);
            begun.add(at);
          }
          state = submitted(again, now);
          const wake = wakeAt(conduct, state, now);
          if (wake === undefined || wake > now) break;
        }
        if (isPaused) expect(state.cursor).toBe(before);
        else for (let at = nextMinute(before); at <= state.cursor; at = nextMinute(at)) decided.push(at);
        if (!isPaused) expect(startOf(conduct, nextMinute(state.cursor))).toBeGreaterThan(now);
      }
      expect(new Set(decided).size).toBe(decided.length);
      expect(state.recent.filter(({ outcome }) => outcome === 'started').length).toBeLessThanOrEqual(
        state.counts.started,
      );
      expect(decided).toEqual(expect.arrayContaining([...begun].filter((at) => at <= state.cursor)));
    }),
    { numRuns: 120 },
  );
});

test('a time is made up for within the catch-up window, and noted as missed behind it', () => {
  const conduct = conductOf({ overlap: 'allow', catchUpMs: 3 * MINUTE });
  const state = advance(conduct, newState(T0), T0 + 10 * MINUTE);
  expect(state.starting.map(({ at }) => (at - T0) / MINUTE)).toEqual([7, 8, 9, 10]);
  expect(state.recent).toEqual([
    {
      at: T0 + MINUTE,
      cause: 'time',
      outcome: 'missed',
      reason: 'downtime',
      times: 6,
      decidedAt: T0 + 10 * MINUTE,
    },
  ]);
  expect(state.counts.missed).toBe(6);
});

test('after years without anybody the present is reached in a few turns', () => {
  const conduct = conductOf({ overlap: 'skip', catchUpMs: 5 * MINUTE, jitterMs: 1_000 });
  const now = T0 + 3 * 365 * 24 * HOUR;
  let state = newState(T0);
  let turns = 0;
  for (let wake = wakeAt(conduct, state, now)!; wake <= now; wake = wakeAt(conduct, state, now)!) {
    state = submitted(advance(conduct, state, now), now);
    turns += 1;
  }
  expect(turns).toBeLessThan(5);
  expect(state.cursor).toBeGreaterThanOrEqual(now - MINUTE);
  expect(state.counts.started).toBe(1);
});

test('the jitter of a time is always the same, below what was told, and before the next time', () => {
  const times = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 10 * MINUTE }), (minutes, jitterMs) => {
      const at = T0 + minutes * MINUTE;
      const start = startOf(conductOf({ jitterMs }), at);
      expect(start).toBe(startOf(conductOf({ jitterMs }), at));
      expect(start).toBeGreaterThanOrEqual(at);
      expect(start).toBeLessThan(at + Math.min(jitterMs, MINUTE));
    }),
  );
  const starts = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => startOf(conductOf({ id, jitterMs: MINUTE }), T0));
  expect(new Set(starts).size).toBe(starts.length);
});

test('what is paused looks at no time and keeps what waits; triggers and backfills start all the same', () => {
  const conduct = conductOf({ overlap: 'buffer-all' });
  let state = submitted(advance(conduct, newState(T0), T0 + 2 * MINUTE), T0 + 2 * MINUTE);
  state = paused(state, { note: 'moving', requestedBy: 'ann' }, T0 + 2 * MINUTE);
  state = end(state, String(T0 + MINUTE));
  let now = T0 + 10 * MINUTE;
  state = advance(conduct, state, now);
  expect([state.starting, state.waiting.length, wakeAt(conduct, state, now)]).toEqual([[], 1, undefined]);
  const asked = triggered(state, { requestedBy: 'bob' }, now);
  expect(asked.at).toBe(now + 1); // a whole minute is a time of cron
  state = submitted(advance(conduct, asked.state, now), now);
  expect(state.running).toEqual([{ id: String(now + 1), at: now + 1 }]);
  state = resumed(end(state, String(now + 1)), now);
  state = submitted(advance(conduct, state, now), now);
  expect(state.running.map(({ at }) => at)).toEqual([T0 + 2 * MINUTE]);
  now += MINUTE;
  expect(advance(conduct, state, now).waiting.map(({ at }) => at)).toEqual([now]); // none of those that passed
});

test('a trigger with a key that is known is the same trigger, before and after it has started', () => {
  const conduct = conductOf();
  const first = triggered(newState(T0), { idempotencyKey: 'k' }, T0 + 5);
  const again = triggered(first.state, { idempotencyKey: 'k' }, T0 + 9);
  expect(again).toEqual(first);
  const later = submitted(advance(conduct, first.state, T0 + 10), T0 + 10);
  expect(triggered(later, { idempotencyKey: 'k' }, T0 + 20)).toEqual({ state: later, at: first.at });
  expect(triggered(later, { idempotencyKey: 'other' }, T0 + 5).at).toBe(T0 + 6);
});

describe('a backfill', () => {
  const range = { from: new Date(T0).toISOString(), to: new Date(T0 + 4 * MINUTE).toISOString() };
  const asked = { ...range, requestedBy: 'ann' };
  const now = T0 + HOUR;

  test('one after the other waits for each run; at once starts all', () => {
    const conduct = conductOf();
    const one = backfilled(newState(now), everyMinute, { ...asked, overlap: 'buffer-all' }, now);
    expect(one.times).toHaveLength(5);
    let state = one.state;
    for (const at of one.times) {
      state = submitted(advance(conduct, state, now), now);
      expect(state.running).toEqual([{ id: String(at), at }]);
      expect(waitsForEnd(state)).toBe(at !== one.times.at(-1));
      state = end(state, String(at));
    }
    expect(advance(conduct, state, now)).toEqual(state);
    const { state: all } = backfilled(newState(now), everyMinute, { ...asked, overlap: 'allow' }, now);
    expect(advance(conduct, all, now).starting.map(({ at }) => at)).toEqual(one.times);
  });

  test.each<[string, Partial<typeof asked>, string]>([
    ['turned round', { to: new Date(T0 - 1).toISOString() }, 'before "from"'],
    ['not over', { to: new Date(now + 1).toISOString() }, 'not over'],
    ['too long', { from: new Date(T0 - 1_000 * MINUTE).toISOString() }, 'SCHEDULE_BACKFILL_TIMES'],
  ])('%s is refused', (_name, wrong, words) => {
    const act = () => backfilled(newState(now), everyMinute, { ...asked, ...wrong, overlap: 'allow' }, now);
    expect(act).toThrow(words);
  });
});

test('memories are bounded, and no time is lost at a bound without being noted', () => {
  const conduct = conductOf({ overlap: 'buffer-all', catchUpMs: 30 * 24 * HOUR });
  const now = T0 + (LIMITS.SCHEDULE_BUFFER + 200) * MINUTE;
  let state = newState(T0);
  for (let turn = 0; turn <= (LIMITS.SCHEDULE_BUFFER + 200) / TIMES_PER_TURN; turn += 1)
    state = submitted(advance(conduct, state, now), now);
  expect([state.waiting.length, state.counts.started, state.counts.skipped]).toEqual([
    LIMITS.SCHEDULE_BUFFER,
    1,
    199,
  ]);
  expect(state.recent).toHaveLength(LIMITS.SCHEDULE_RECENT);
  expect(state.recent.at(-1)).toMatchObject({ reason: 'buffer-full' });
});

test('a run that was refused for good is noted with why, and the next time comes', () => {
  const conduct = conductOf();
  const now = T0 + MINUTE;
  const state = advance(conduct, newState(T0), now);
  const error = { code: 'definition-not-found', message: 'there is none', retryable: false };
  const noted = started(state, [{ fire: state.starting[0]!, error }], now);
  expect(noted).toMatchObject({ starting: [], running: [], counts: { failed: 1 }, recent: [{ error }] });
  expect(started(noted, [{ fire: state.starting[0]!, id: 'late' }], now)).toEqual(noted);
  expect(advance(conduct, noted, now + MINUTE).starting).toHaveLength(1);
});
