import type { LbReport, PlaceItem } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import { at, heartbeat, HOLD_MS, item } from '../../test/support/builders';
import { renderResult } from './engine/decision';
import { Placer } from './engine/placer';
import { Fleet } from './fleet';
import { HealthBook } from './health/health-book';
import { HEALTH_DEFAULTS } from './health/health-settings';
import { Aids, POLICIES } from './policies';

type Outcome = LbReport['outcomes'][number];

class Bench {
  readonly health = new HealthBook(HEALTH_DEFAULTS);
  readonly fleet = new Fleet({ replica: 'r', holdMs: HOLD_MS, health: this.health });
  private readonly placer = new Placer(this.fleet, new Aids(seededRandom(1)));
  private seq = 1;
  private tasks = 0;
  nowMs = 0;

  constructor(...swarmIds: string[]) {
    for (const swarmId of swarmIds) this.beat({ swarmId });
  }

  beat(given: Parameters<typeof heartbeat>[0]): void {
    this.seq += 1;
    this.fleet.heartbeat(heartbeat({ intervalMs: 60_000, ...given, seq: this.seq }), at(this.nowMs));
  }

  place(given: Partial<PlaceItem> = {}) {
    this.tasks += 1;
    const [outcome] = this.placer.place([item(`t${this.tasks}`, given)], at(this.nowMs), () => POLICIES[0]);
    if (outcome === undefined) throw new Error('nothing was decided');
    return renderResult(outcome);
  }

  report(swarmId: string, outcome: Outcome['outcome'], taskId = `other-${this.nowMs}-${this.seq++}`): void {
    const end: Outcome = {
      reservationId: '',
      swarmId,
      taskId,
      attempt: 1,
      outcome,
      type: 'build',
      durationMs: 10,
    };
    this.fleet.report(end, at(this.nowMs));
  }

  fail(swarmId: string, times = 5): void {
    for (let each = 0; each < times; each += 1) this.report(swarmId, 'failed');
  }

  pass(ms: number): ReturnType<Fleet['sweep']> {
    this.nowMs += ms;
    this.health.tick(at(this.nowMs));
    return this.fleet.sweep(at(this.nowMs));
  }

  allowance(swarmId: string): number | undefined {
    const { index } = this.fleet.get(swarmId) ?? { index: -1 };
    return this.fleet.columns.allowance[index];
  }
}

test('a swarm whose breaker is open gets nothing, and the receipt of others says so', () => {
  const bench = new Bench('a', 'b', 'c');
  bench.fail('a');
  const swarms = Array.from({ length: 8 }, () => bench.place().placement);
  expect(new Set(swarms.map((placement) => placement?.swarmId))).toEqual(new Set(['b', 'c']));
  expect(swarms[0]?.receipt.rejected).toEqual([
    { rule: 'health', count: 1, detail: 'a swarm in good health', examples: ['a'] },
  ]);
});

test('half-open, it gets one attempt; when that has succeeded, it is told that there is room again', () => {
  const bench = new Bench('a', 'b', 'c');
  bench.fail('a');
  expect(bench.pass(7_000).freed.map(({ swarmId }) => swarmId)).toEqual(['a']);
  const placed = Array.from({ length: 9 }, () => bench.place().placement);
  expect(placed.filter((placement) => placement?.swarmId === 'a')).toHaveLength(1);
  const probe = placed.find((placement) => placement?.swarmId === 'a');
  const end = { reservationId: probe?.reservationId ?? '', swarmId: 'a', taskId: 'x', attempt: 1 };
  bench.fleet.report({ ...end, outcome: 'succeeded', type: 'build', durationMs: 10 }, at(bench.nowMs));
  expect(bench.allowance('a')).toBe(4);
});

test('where too few are well, one that is not is taken when all others are full, and the receipt says why', () => {
  const bench = new Bench('a', 'b', 'c');
  bench.fail('a', 20);
  bench.fail('b', 20);
  const places = Array.from({ length: 5 }, () => bench.place().placement);
  expect(places.slice(0, 4).map((placement) => placement?.swarmId)).toEqual(['c', 'c', 'c', 'c']);
  expect(places[4]?.receipt.because).toContain(
    'failures in a row; too few swarms are well to do without it), but no other has a free slot',
  );
});

test('F6: an end that is told twice counts once', () => {
  const bench = new Bench('a', 'b', 'c');
  for (let each = 0; each < 20; each += 1) bench.report('a', 'failed', 'the-same');
  expect(bench.allowance('a')).toBe(4);
  expect(bench.health.get('a')?.window.failures).toBe(1);
});

test('F6: what a heartbeat changes does not undo what health has said', () => {
  const bench = new Bench('a', 'b', 'c');
  bench.fail('a');
  bench.beat({ swarmId: 'a', slots: 9, costPerHour: 1 });
  expect(bench.allowance('a')).toBe(0);
  bench.beat({ swarmId: 'b', slots: 9 });
  expect(bench.allowance('b')).toBe(9);
});

test('a swarm that was down, or is another process now, is as new; one that is gone is forgotten', () => {
  const bench = new Bench('a', 'b', 'c');
  bench.fail('a');
  bench.beat({ swarmId: 'a', instance: 'i2' });
  expect(bench.allowance('a')).toBe(4);
  bench.fail('b');
  bench.pass(4 * 60_000);
  expect(bench.health.size).toBe(0);
  bench.beat({ swarmId: 'b' });
  expect(bench.allowance('b')).toBe(4);
  bench.beat({ swarmId: 'b', state: 'stopped' });
  expect(bench.health.size).toBe(0);
});

test('who fails fast does not look quick', () => {
  const bench = new Bench('a', 'b', 'c');
  for (const swarmId of ['a', 'b', 'c']) bench.report(swarmId, 'succeeded');
  bench.fail('a', 1);
  const latency = (swarmId: string) => bench.fleet.columns.latencyMs[bench.fleet.get(swarmId)?.index ?? -1];
  expect(latency('a')).toBeCloseTo(10_000);
  expect(latency('b')).toBeCloseTo(1_000);
});

test('a suspect swarm stays the second choice, whatever health says', () => {
  const bench = new Bench();
  bench.beat({ swarmId: 'late', intervalMs: 1_000 });
  bench.beat({ swarmId: 'other' });
  bench.pass(2_500);
  const first = bench.place();
  expect(first.placement?.swarmId).toBe('other');
  bench.report('late', 'succeeded');
  const { index } = bench.fleet.get('late') ?? { index: -1 };
  expect(bench.fleet.columns.tier[index]).toBe(1);
});
