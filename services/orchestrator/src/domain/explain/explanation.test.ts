import { Explanation, LIMITS, type Capacity, type StandingReply } from '@multiswarm/contracts';
import { placement, queuedTask, waiting } from '../../../test/support/builders';
import type { TaskRecord } from '../task/record';
import { explain } from './explanation';
import type { Facts } from './facts';

const NOW = Date.parse('2026-01-01T12:00:00.000Z');
const record = (given: Partial<TaskRecord> = {}, spec: Record<string, unknown> = {}): TaskRecord => ({
  ...queuedTask('t0-00000001', spec, NOW - 10_000),
  ...given,
});
const explained = (facts: Partial<Facts>): Explanation => {
  const told = explain({ record: record(), now: NOW, ...facts });
  Explanation.parse(told); // it is as the contract says
  return told;
};
const LINE = {
  before: 2,
  isLeast: false,
  ofClass: 5,
  otherTasks: 0,
  otherClasses: 0,
  band: 'normal',
} as const;
const standing = (given: Partial<StandingReply> = {}): StandingReply => ({
  ...{ v: 1, waiting: waiting('no-slot'), limits: [], pace: { starts: 4, inMs: 8_000 } },
  line: LINE,
  ...given,
});
const capacity = (given: Partial<Capacity> = {}): Capacity => ({
  ...{ known: 2, feasible: 1, slots: 4, busySlots: 4, withRoom: 0, swarms: [], nearest: [], regions: [] },
  ...given,
});
const at = (ms: number): string => new Date(NOW + ms).toISOString();

describe('a task in the queue', () => {
  test('is not explained by guesses where the scheduler does not answer', () => {
    const { why, line, likelyStart } = explained({});
    expect(why).toMatchObject({ reason: 'not-yet-considered', detail: 'the scheduler does not answer' });
    expect({ line, likelyStart }).toEqual({});
  });

  test('that the scheduler does not have in line is on its way to it or from it', () => {
    const { why } = explained({ standing: { v: 1, limits: [] } });
    expect(why.detail).toMatch(/being told of it, or has just placed it$/);
  });

  test('waits from when it began to wait for a start, whoever tells it', () => {
    const { why, stateSince } = explained({ record: record({ since: NOW, waitingSince: NOW - 500 }) });
    expect({ since: why.since, stateSince }).toEqual({ since: at(-500), stateSince: at(0) });
  });

  test('is likely to start after those before it and itself, as fast as its class was measured', () => {
    expect(explained({ standing: standing() }).likelyStart).toEqual({
      at: at(6_000),
      pace: { starts: 4, inMs: 8_000 },
    });
  });

  test.each<[string, Partial<StandingReply>]>([
    ['nothing was measured', { pace: undefined }],
    ['more are before it than were counted', { line: { ...LINE, isLeast: true } }],
    ['time does not help', { waiting: waiting('no-swarm') }],
  ])('has no likely start where %s', (_name, given) => {
    expect(explained({ standing: standing(given) })).not.toHaveProperty('likelyStart');
  });

  test('starts no sooner than its rate allows', () => {
    const nextStartAt = at(60_000);
    const limits = [
      {
        rate: { tasks: 1, perMs: 90_000 },
        isUsedUp: true,
        isCounted: true,
        running: 0,
        nextStartAt,
        heldBy: [],
      },
    ];
    const { why, likelyStart } = explained({ standing: standing({ waiting: waiting('limit'), limits }) });
    expect(why).toMatchObject({ reason: 'rate', until: nextStartAt });
    expect(likelyStart?.at).toBe(nextStartAt);
  });

  test('that as many hold as may run at the same time waits for them, not for the rate', () => {
    const limits = [
      {
        concurrency: 1,
        rate: { tasks: 1, perMs: 90_000 },
        isUsedUp: true,
        isCounted: true,
        running: 1,
        heldBy: ['t'],
      },
    ];
    const { why } = explained({ standing: standing({ waiting: waiting('limit'), limits }) });
    expect(why).toMatchObject({ reason: 'limit', limits });
    expect(why).not.toHaveProperty('until');
  });

  test('has a region that is down only where somebody there could run it, and nobody there lives', () => {
    const near = { swarmId: 'a', region: 'eu', state: 'down' as const, lacks: [] as string[] };
    const region = { region: 'eu', swarms: 3, live: 0, lastSeen: at(-5_000) };
    const of = (given: Partial<Capacity>) =>
      explained({
        standing: standing({ waiting: waiting('no-swarm') }),
        capacity: capacity({ feasible: 0, nearest: [near], regions: [region], ...given }),
      }).why;
    expect(of({})).toMatchObject({
      reason: 'region-down',
      detail: `region eu is down: its 3 swarms were last heard at ${at(-5_000)} (all slots are busy)`,
    });
    expect(of({ regions: [{ ...region, live: 1 }] }).reason).toBe('no-swarm');
    expect(of({ nearest: [{ ...near, lacks: ['capability "gpu"'] }] }).reason).toBe('no-swarm');
    expect(of({ nearest: [{ ...near, state: 'cordoned' }] }).reason).toBe('no-swarm');
  });

  test('that is paused says so first, and its wait for a start stands still', () => {
    const paused = { at: NOW - 2_000, reason: 'night' };
    const { why, next } = explained({
      record: record({ paused }, { timeouts: { scheduleToStartMs: 20_000 } }),
    });
    expect(why).toEqual({ reason: 'paused', since: at(-2_000), detail: 'paused: night', unmet: [] });
    expect(next).toEqual([]);
  });
});

describe('a task that a swarm has', () => {
  const attempt = { attempt: 1, assignedAt: NOW - 4_000, ...placement(), reservationId: 'r' };
  const held = (state: 'assigned' | 'running', given: Partial<TaskRecord> = {}) =>
    record({ state, since: NOW - 3_000, attempt: 1, attempts: [attempt], ...given });

  test('that has not accepted it yet says which one', () => {
    expect(explained({ record: held('assigned') }).why).toMatchObject({
      reason: 'assigned',
      since: at(-3_000),
      detail: 'attempt 1 was given to a (eu-west), which has not accepted it yet',
    });
  });

  test('says that its swarm is late, and that a pause lets no other attempt follow', () => {
    const swarm = { swarmId: 'a', state: 'suspect', lastSeen: at(-5_000) } as Facts['swarm'];
    const { why } = explained({ record: held('running', { paused: { at: NOW, reason: 'x' } }), swarm });
    expect(why.detail).toBe(
      `attempt 1 runs on a (eu-west); a is suspect: its last heartbeat was at ${at(-5_000)}; ` +
        'it is paused, so that no other attempt follows (x)',
    );
  });

  test('shows what it has waited and how long it runs, and no reservation', () => {
    const running = held('running', { attempts: [{ ...attempt, startedAt: NOW - 3_000 }] });
    const [shown] = explained({ record: running }).attempts;
    expect(shown).toMatchObject({ waitedMs: 1_000, ranMs: 3_000, receipt: { policy: 'least-loaded' } });
    expect(shown).not.toHaveProperty('reservationId');
  });

  test('says whether another attempt follows when its time is over', () => {
    const spec = { timeouts: { startToCloseMs: 5_000 }, retry: { ...record().spec.retry, maxAttempts: 2 } };
    const next = (failures: number) =>
      explained({
        record: {
          ...held('running', { failures, attempts: [{ ...attempt, startedAt: NOW }] }),
          spec: record({}, spec).spec,
        },
      }).next;
    expect(next(0)).toMatchObject([{ kind: 'attempt-timeout', at: at(5_000) }]);
    expect(next(0)[0]?.detail).toMatch(/another one follows$/);
    expect(next(1)[0]?.detail).toMatch(/the task fails$/);
  });

  test('and that is being cancelled ends by then all the same', () => {
    const cancel = { at: NOW - 1_000, reason: 'enough' };
    const { why, next } = explained({ record: held('running', { cancel }) });
    expect(why).toMatchObject({ reason: 'cancelling', since: at(-1_000) });
    expect(why.until).toBe(at(LIMITS.CANCEL_GRACE_MS - 1_000));
    expect(next).toMatchObject([{ kind: 'cancel-grace', at: why.until }]);
  });
});

describe('a task that has ended', () => {
  const attempts: TaskRecord['attempts'] = [
    { attempt: 1, assignedAt: NOW - 4_000, endedAt: NOW, outcome: 'failed', ...placement() },
  ];
  const error = { code: 'bad-input', message: 'no such file', retryable: false };
  const ended = (state: TaskRecord['state'], given: Partial<TaskRecord> = {}) =>
    explained({ record: record({ state, since: NOW, attempt: 1, attempts, ...given }) });

  test.each<[string, TaskRecord['state'], Partial<TaskRecord>, RegExp]>([
    ['that it succeeded, and where', 'succeeded', {}, /^attempt 1 succeeded on a \(eu-west\)$/],
    [
      'that its error is not to be retried',
      'failed',
      { error, failures: 1 },
      /its error \(bad-input\) is not to be retried$/,
    ],
    [
      'that no attempts are left',
      'failed',
      { error: { ...error, retryable: true }, failures: 3 },
      /3 of 3 attempts have failed$/,
    ],
    ['which time ran out', 'expired', { error }, /^no such file$/],
    ['why it was cancelled', 'cancelled', { error: { ...error, message: 'enough' } }, /^enough$/],
  ])('says %s', (_name, state, given, detail) => {
    const { why, next } = ended(state, given);
    expect(why).toMatchObject({ reason: state, since: at(0) });
    expect(why.detail).toMatch(detail);
    expect(next).toEqual([]);
  });

  test('after too many losses says how many', () => {
    const lost = attempts.map((each) => ({ ...each, outcome: 'lost' as const }));
    expect(ended('failed', { attempts: lost, losses: 6 }).why.detail).toMatch(
      /6 attempts were lost with their swarms$/,
    );
  });
});
