import type { Forced, MaintenanceWindow } from '@multiswarm/contracts';
import fc from 'fast-check';
import { at } from '../../../test/support/builders';
import type { AttemptEnd } from './attempt-end';
import { HealthBook } from './health-book';
import { HealthControls } from './health-controls';
import { HEALTH_DEFAULTS, THRESHOLDS, type HealthSettings } from './health-settings';
import type { SwarmFacts } from './swarm-health';

const END: Record<string, AttemptEnd> = {
  good: { outcome: 'succeeded', type: 'build', durationMs: 100 },
  bad: { outcome: 'failed', type: 'build', durationMs: 5 },
};
const FACTS: SwarmFacts = { slots: 4, region: 'eu-west', labels: {}, group: 'all' };

class Bench {
  readonly book: HealthBook;
  nowMs = 0;

  constructor(settings: Partial<HealthSettings> = {}) {
    this.book = new HealthBook({ ...HEALTH_DEFAULTS, ...settings });
  }

  fleet(count: number, facts: Partial<SwarmFacts> = {}): this {
    for (let index = 0; index < count; index += 1) this.join(`s${index}`, facts);
    return this;
  }

  join(swarmId: string, facts: Partial<SwarmFacts> = {}): void {
    this.book.seen(swarmId, { ...FACTS, ...facts }, at(this.nowMs));
  }

  end(swarmId: string, end: AttemptEnd | undefined, times = 1): void {
    if (end === undefined) throw new Error('no such end');
    for (let each = 0; each < times; each += 1) this.book.ended(swarmId, end, at(this.nowMs));
  }

  pass(ms: number, stepMs = 250): void {
    const end = this.nowMs + ms;
    while (this.nowMs < end) {
      this.nowMs = Math.min(end, this.nowMs + stepMs);
      this.book.tick(at(this.nowMs));
    }
  }

  state(swarmId = 's0'): string {
    return this.book.verdict(swarmId).state;
  }

  changes(): string[] {
    return this.book
      .takeChanges()
      .map((change) =>
        change.kind === 'panic'
          ? `panic ${change.group ?? 'fleet'} ${change.isPanic}`
          : `${change.swarm.swarmId} ${change.from}>${change.to}`,
      );
  }

  control(forced: Forced[], windows: MaintenanceWindow[] = []): HealthControls {
    const controls = new HealthControls();
    controls.replace(forced, windows);
    controls.tick(at(this.nowMs).wallMs);
    this.book.apply(controls, at(this.nowMs));
    return controls;
  }
}

const force = (to: Forced['to'], swarmId = 's0'): Forced => ({
  ...{ swarmId, to, why: 'a test', requestedBy: 'ann', at: new Date(at(0).wallMs).toISOString() },
});

test('five failures in a row take a swarm out; after a while one attempt shows that it is well, and it starts slowly', () => {
  const bench = new Bench().fleet(5);
  bench.pass(20_000);
  bench.end('s0', END['bad'], 5);
  expect(bench.book.verdict('s0')).toEqual({
    state: 'open',
    allowance: 0,
    tier: 0,
    reason: '5 failures in a row',
  });
  bench.pass(7_000);
  expect(bench.book.verdict('s0')).toMatchObject({ state: 'half-open', allowance: 1 });
  bench.end('s0', END['good']);
  expect(bench.book.verdict('s0')).toMatchObject({ state: 'slow-start', allowance: 1 });
  bench.pass(5_000);
  expect(bench.book.verdict('s0').allowance).toBe(2);
  bench.pass(5_000);
  expect(bench.book.verdict('s0')).toEqual({ state: 'ready', allowance: 4, tier: 0, reason: '' });
  expect(bench.changes()).toEqual([
    's0 ready>open',
    's0 open>half-open',
    's0 half-open>slow-start',
    's0 slow-start>ready',
  ]);
  expect(bench.changes()).toEqual([]);
});

test('H2: what the task would have had anywhere, and what says nothing, counts against nobody', () => {
  const bench = new Bench().fleet(5);
  bench.end('s0', { outcome: 'failed', type: 'build', fault: 'task' }, 100);
  bench.end('s0', { outcome: 'cancelled', type: 'build' }, 100);
  bench.end('s0', { outcome: 'unused', type: 'build' }, 100);
  bench.pass(10_000);
  expect(bench.state()).toBe('ready');
  expect(bench.book.get('s0')?.window.volume).toBe(0);
});

test('H2: a type that fails everywhere takes nobody out, nor does it hide who fails with what works elsewhere', () => {
  const bench = new Bench().fleet(20);
  const poison: AttemptEnd = { outcome: 'failed', type: 'poison', durationMs: 3 };
  for (let round = 0; round < 200; round += 1) {
    for (let index = 0; index < 20; index += 1) {
      bench.end(`s${index}`, poison);
      bench.end(`s${index}`, index === 7 ? END['bad'] : END['good']);
    }
    bench.pass(250);
    if (round === 100) expect(bench.changes()[0]).toBe('s7 ready>open');
  }
  expect(
    [...bench.book.counts()]
      .filter(([state]) => state !== 'ready')
      .reduce((sum, [, count]) => sum + count, 0),
  ).toBe(1);
});

test.each(['timed-out', 'lost'] as const)(
  'attempts that were %s are failures, whatever their type',
  (outcome) => {
    const bench = new Bench().fleet(3);
    bench.end('s0', { outcome }, 5);
    expect(bench.state()).toBe('open');
  },
);

test('a swarm that refuses all it is given is out by its rate, not by a row', () => {
  const bench = new Bench().fleet(3);
  bench.end('s0', { outcome: 'refused', type: 'build' }, THRESHOLDS.BREAKER_VOLUME - 1);
  expect(bench.state()).toBe('ready');
  bench.end('s0', { outcome: 'refused', type: 'build' });
  expect(bench.state()).toBe('open');
});

test('where all refuse much of what they are given, nobody is out', () => {
  const bench = new Bench().fleet(20);
  for (let round = 0; round < 60; round += 1)
    for (let index = 0; index < 20; index += 1) {
      bench.end(`s${index}`, { outcome: 'refused', type: 'build' }, 2);
      bench.end(`s${index}`, END['good']);
      bench.pass(50);
    }
  expect(bench.changes()).toEqual([]);
});

test('a lost probe is followed by another: its time depends on how long its type takes', () => {
  const bench = new Bench().fleet(5);
  for (let index = 1; index < 5; index += 1)
    bench.end(`s${index}`, { ...END['good'], outcome: 'succeeded', durationMs: 30_000 });
  bench.end('s0', { outcome: 'lost' }, 5);
  bench.pass(7_000);
  bench.book.placed('s0', 'build', at(bench.nowMs));
  bench.pass(119_000);
  expect(bench.state()).toBe('half-open');
  bench.pass(2_000);
  expect(bench.state()).toBe('open');
  bench.pass(13_000);
  expect(bench.state()).toBe('half-open');
});

test('the cap of ejections is computed after the ejection', () => {
  for (const [hosts, most] of [
    [9, 0],
    [10, 1],
    [19, 1],
    [20, 2],
  ] as const) {
    const bench = new Bench({ failuresInRow: 0, leastSuccess: 0 }).fleet(hosts);
    for (let index = 0; index < hosts; index += 1) {
      bench.end(`s${index}`, END['good'], 10);
      if (index < 3) bench.end(`s${index}`, { outcome: 'lost' }, 10);
    }
    bench.pass(2_000);
    expect(bench.book.counts().get('ejected') ?? 0).toBe(most);
  }
});

test('the panic rule: where fewer than half are routable, those that are out come last instead of never', () => {
  const bench = new Bench().fleet(4);
  for (const id of ['s0', 's1']) bench.end(id, { outcome: 'lost' }, 5);
  expect(bench.book.verdict('s0')).toMatchObject({ state: 'open', allowance: 0, tier: 0 });
  bench.end('s2', { outcome: 'lost' }, 5);
  for (const id of ['s0', 's1', 's2'])
    expect(bench.book.verdict(id)).toEqual({
      ...{ state: 'open', allowance: 4, tier: 1 },
      reason: '5 failures in a row; too few swarms are well to do without it',
    });
  expect(bench.book.verdict('s3')).toMatchObject({ state: 'ready', allowance: 4, tier: 0 });
  bench.join('s4');
  bench.join('s5');
  expect(bench.book.verdict('s0')).toMatchObject({ allowance: 0, tier: 0 });
  expect(bench.changes().filter((each) => each.startsWith('panic'))).toEqual([
    'panic fleet true',
    'panic all true',
    'panic fleet false',
    'panic all false',
  ]);
});

test('the panic rule of those that can do the same is their own', () => {
  const bench = new Bench().fleet(20);
  for (const id of ['g0', 'g1', 'g2']) bench.join(id, { group: 'gpu' });
  bench.end('g0', { outcome: 'lost' }, 5);
  expect(bench.book.verdict('g0')).toMatchObject({ allowance: 0 });
  bench.end('g1', { outcome: 'lost' }, 5);
  expect(bench.book.verdict('g0')).toMatchObject({ state: 'open', allowance: 4, tier: 1 });
  bench.end('s0', { outcome: 'lost' }, 5);
  expect(bench.book.verdict('s0')).toMatchObject({ state: 'open', allowance: 0 });
});

test('a swarm alone is never out, it is all there is', () => {
  const bench = new Bench().fleet(1);
  bench.end('s0', { outcome: 'lost' }, 50);
  expect(bench.book.verdict('s0')).toMatchObject({ state: 'open', allowance: 4, tier: 1 });
});

describe('slow start', () => {
  test('a swarm that comes to others gets more and more', () => {
    const bench = new Bench().fleet(3, { slots: 10 });
    bench.pass(10_000);
    bench.join('new', { slots: 10 });
    const allowed = [0, 2_000, 2_500, 5_000].map((ms) => {
      bench.pass(ms);
      return bench.book.verdict('new').allowance;
    });
    expect(allowed).toEqual([1, 2, 5, 10]);
  });

  test('a fleet that starts, and one that is mostly new, starts at once', () => {
    const bench = new Bench().fleet(3);
    bench.pass(5_000);
    bench.join('later');
    expect(bench.state('later')).toBe('ready');
    bench.pass(10_000);
    bench.fleet(20);
    expect(bench.state('s19')).toBe('ready');
  });

  test('switched off, there is none', () => {
    const bench = new Bench({ slowStartMs: 0 }).fleet(3);
    bench.pass(60_000);
    bench.join('new');
    expect(bench.state('new')).toBe('ready');
  });
});

describe('H5: what an operator has decided', () => {
  test('is stronger than what was seen, and than a panic', () => {
    const bench = new Bench().fleet(3);
    bench.control([force('open')]);
    expect(bench.book.verdict('s0')).toMatchObject({
      state: 'open',
      allowance: 0,
      reason: 'forced open by ann: a test',
    });
    bench.end('s1', { outcome: 'lost' }, 5);
    expect(bench.book.verdict('s1')).toMatchObject({ allowance: 4, tier: 1 });
    expect(bench.book.verdict('s0')).toMatchObject({ allowance: 0 });
    bench.control([force('closed', 's1')]);
    expect(bench.book.verdict('s1')).toMatchObject({ state: 'ready', allowance: 4, tier: 0 });
    bench.control([]);
    expect(bench.state('s1')).toBe('open');
  });

  test.each([
    ['ejected', 'ejected', 0],
    ['ready', 'ready', 4],
    ['not-ejected', 'open', 0],
  ] as const)('%s makes one whose breaker is open %s', (to, state, allowance) => {
    const bench = new Bench().fleet(5);
    bench.end('s0', { outcome: 'lost' }, 5);
    bench.control([force(to)]);
    expect(bench.book.verdict('s0')).toMatchObject({ state, allowance });
  });

  test('a window of maintenance gives nothing new, and counts for no panic', () => {
    const bench = new Bench().fleet(4);
    const [from, until] = [at(0), at(60_000)].map(({ wallMs }) => new Date(wallMs).toISOString()) as [
      string,
      string,
    ];
    const window: MaintenanceWindow = {
      ...{
        id: 'w',
        for: { swarms: ['s0', 's1', 's2'] },
        from,
        until,
        why: 'disks',
        requestedBy: 'ann',
        at: from,
      },
    };
    const controls = bench.control([], [window]);
    expect(bench.book.verdict('s0')).toMatchObject({ state: 'maintenance', allowance: 0 });
    expect(bench.changes()).not.toContain('panic fleet true');
    bench.join('s2', { slots: 9 });
    expect(bench.book.verdict('s2').allowance).toBe(0);
    bench.pass(60_000);
    controls.tick(at(bench.nowMs).wallMs);
    bench.book.apply(controls, at(bench.nowMs));
    expect(bench.state('s0')).not.toBe('maintenance');
  });

  test('a reset makes it as new', () => {
    const bench = new Bench().fleet(5);
    bench.end('s0', { outcome: 'lost' }, 5);
    bench.book.reset('s0', at(bench.nowMs));
    expect(bench.state()).toBe('ready');
    bench.end('s0', { outcome: 'lost' }, 4);
    expect(bench.state()).toBe('ready');
  });
});

test('H1, H3: swarms that nobody knows, and times of the past, change nothing', () => {
  const bench = new Bench().fleet(5);
  bench.end('nobody', END['bad'], 50);
  expect(bench.book.verdict('nobody')).toEqual({ state: 'ready', allowance: Infinity, tier: 0, reason: '' });
  bench.pass(20_000);
  bench.end('s0', { outcome: 'lost' }, 5);
  bench.book.tick(at(0));
  bench.book.tick(at(-1e9));
  expect(bench.state()).toBe('open');
  bench.nowMs = 20_000;
  bench.pass(7_000);
  expect(bench.state()).toBe('half-open');
});

test('H4: whoever follows what is told has every verdict, and no more are ejected than may be', () => {
  const ends: AttemptEnd[] = [
    { outcome: 'succeeded', type: 'a', durationMs: 100 },
    { outcome: 'succeeded', type: 'a', durationMs: 5_000 },
    { outcome: 'failed', type: 'a', durationMs: 1 },
    { outcome: 'lost', type: 'b' },
    { outcome: 'refused', type: 'b' },
    { outcome: 'cancelled' },
  ];
  const which = fc.nat(24).map((index) => `s${index}`);
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        which,
        end: fc.constantFrom(...ends),
        times: fc.integer({ min: 1, max: 12 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(20_000) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('join' as const),
        which,
        slots: fc.integer({ min: 1, max: 9 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('leave' as const, 'reset' as const, 'placed' as const),
        which,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('force' as const),
        which,
        to: fc.constantFrom(force('open').to, 'ready', 'closed'),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const bench = new Bench().fleet(25);
      const told = new Map<string, { allowance: number; tier: number }>();
      const slots = new Map(Array.from({ length: 25 }, (_, index) => [`s${index}`, 4]));
      for (const each of steps) {
        if (each.kind === 'end') bench.end(each.which, each.end, each.times);
        else if (each.kind === 'pass') bench.pass(each.ms, 1_000);
        else if (each.kind === 'force') bench.control([force(each.to, each.which)]);
        else if (each.kind === 'join') {
          bench.join(each.which, { slots: each.slots });
          slots.set(each.which, each.slots);
        } else if (each.kind === 'placed') bench.book.placed(each.which, 'a', at(bench.nowMs));
        else if (each.kind === 'reset') bench.book.reset(each.which, at(bench.nowMs));
        else {
          bench.book.removed(each.which);
          slots.delete(each.which);
          told.delete(each.which);
        }
        for (const id of bench.book.takeTouched()) told.set(id, bench.book.verdict(id));
        for (const [id, most] of slots) {
          const { allowance, tier, state } = bench.book.verdict(id);
          const last = told.get(id);
          if (last !== undefined) expect([allowance, tier]).toEqual([last.allowance, last.tier]);
          expect(allowance).toBeLessThanOrEqual(most);
          if (state === 'ready') expect(allowance).toBe(most);
          if (state === 'half-open' && tier === 0) expect(allowance).toBe(1);
          if (state === 'slow-start') expect(allowance).toBeGreaterThanOrEqual(1);
        }
        bench.book.takeChanges();
      }
    }),
    { numRuns: 60 },
  );
});
