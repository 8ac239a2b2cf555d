import { randomInteger, seededRandom, type Random } from '@multiswarm/core';
import { at } from '../../../test/support/builders';
import type { AttemptEnd } from './attempt-end';
import { HealthBook } from './health-book';
import type { SwarmHealth } from './swarm-health';
import { HEALTH_DEFAULTS } from './health-settings';

/**
 * A fleet under load in which some swarms turn bad and become well again: how long until they get nothing, how long until they get
 * all again, and what share of the attempts is hurt. Everything is drawn from one seed.
 */

const SWARMS = 100;
const SLOTS = 4;
const LOAD = 0.7;
const STEP_MS = 100;
/** Mean durations of the types of work, ms. */
const TYPES = [200, 400, 800, 1_000, 1_500, 2_000, 3_000, 5_000];
const MEAN_MS = TYPES.reduce((sum, each) => sum + each, 0) / TYPES.length;
/** Its own time-out ends an attempt that hangs. */
const TIMEOUT_MS = 20_000;
const BAD_FROM_MS = 60_000;
const BAD_UNTIL_MS = 180_000;
/** Draws at random before all are looked at. */
const DRAWS = 50;

type Fault = 'none' | 'slow' | 'failing' | 'hanging';

interface Running {
  swarm: number;
  end: AttemptEnd;
  isHurt: boolean;
}

interface Outcome {
  hurt: number;
  attempts: number;
  /** When each swarm was first out after it had turned bad, and when it had all its slots again after it was well. */
  outMs: Map<number, number>;
  backMs: Map<number, number>;
  everOut: Set<number>;
}

class Drill {
  readonly book = new HealthBook(HEALTH_DEFAULTS);
  private readonly health: SwarmHealth[] = [];
  private readonly random: Random;
  private readonly busy = new Int32Array(SWARMS);
  /** By when they end. */
  private readonly ends = new Map<number, Running[]>();
  private waiting = 0;
  private nowMs = 0;
  private readonly outcome: Outcome = {
    ...{ hurt: 0, attempts: 0, outMs: new Map(), backMs: new Map(), everOut: new Set() },
  };

  constructor(
    seed: number,
    private readonly faultOf: (swarm: number, nowMs: number) => Fault,
    /** How much longer everything takes for everybody. */
    private readonly slowdown: (nowMs: number) => number,
    private readonly minds: boolean,
  ) {
    this.random = seededRandom(seed);
  }

  run(endMs: number): Outcome {
    const facts = { slots: SLOTS, region: 'eu-west', labels: {}, group: 'all' };
    for (let swarm = 0; swarm < SWARMS; swarm += 1) {
      this.book.seen(`s${swarm}`, facts, at(0));
      this.health.push(this.book.get(`s${swarm}`) as SwarmHealth);
    }
    for (; this.nowMs < endMs; this.nowMs += STEP_MS) this.step();
    return this.outcome;
  }

  private step(): void {
    this.end();
    if (this.nowMs % 200 === 0) this.book.tick(at(this.nowMs));
    this.waiting += (LOAD * SWARMS * SLOTS * STEP_MS) / MEAN_MS;
    for (; this.waiting >= 1 && this.begin(); this.waiting -= 1);
    this.note();
  }

  private end(): void {
    for (const { swarm, end, isHurt } of this.ends.get(this.nowMs) ?? []) {
      this.busy[swarm] = (this.busy[swarm] ?? 0) - 1;
      this.outcome.attempts += 1;
      if (isHurt) this.outcome.hurt += 1;
      this.book.ended(`s${swarm}`, end, at(this.nowMs));
    }
    this.ends.delete(this.nowMs);
  }

  /** Any swarm that has a free slot, and whose health lets it, at random: the first choice first. @returns whether there was one */
  private begin(): boolean {
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const swarm = randomInteger(this.random, SWARMS);
      if (!this.isOpen(swarm, 0)) continue;
      this.launch(swarm);
      return true;
    }
    const left = [0, 1].flatMap((tier) => range(0, SWARMS).filter((swarm) => this.isOpen(swarm, tier)));
    if (left[0] === undefined) return false;
    this.launch(left[0]);
    return true;
  }

  private isOpen(swarm: number, wanted: number): boolean {
    const { allowance, tier } = this.health[swarm] as SwarmHealth;
    const most = this.minds ? allowance : SLOTS;
    return (this.busy[swarm] ?? 0) < most && (this.minds ? tier : 0) === wanted;
  }

  private launch(swarm: number): void {
    const which = randomInteger(this.random, TYPES.length);
    const type = `type-${which}`;
    const mean = (TYPES[which] ?? 0) * this.slowdown(this.nowMs);
    // Exponential: one in seven takes more than twice the mean.
    const usualMs = Math.max(1, -Math.log(1 - this.random.next()) * mean);
    const fault = this.faultOf(swarm, this.nowMs);
    const [durationMs, outcome] = this.become(fault, usualMs);
    this.busy[swarm] = (this.busy[swarm] ?? 0) + 1;
    this.book.placed(`s${swarm}`, type, at(this.nowMs));
    const atMs = this.nowMs + Math.max(1, Math.ceil(durationMs / STEP_MS)) * STEP_MS;
    const ends = this.ends.get(atMs) ?? [];
    ends.push({ swarm, end: { outcome, type, durationMs }, isHurt: fault !== 'none' });
    this.ends.set(atMs, ends);
  }

  private become(fault: Fault, usualMs: number): [number, AttemptEnd['outcome']] {
    // One in two hundred fails anyway.
    const isUnlucky = this.random.next() < 0.005;
    if (fault === 'failing') return [20, 'failed'];
    if (fault === 'hanging') return [TIMEOUT_MS, 'timed-out'];
    const durationMs = fault === 'slow' ? 5 * usualMs : usualMs;
    if (durationMs > TIMEOUT_MS) return [TIMEOUT_MS, 'timed-out'];
    return [durationMs, isUnlucky ? 'failed' : 'succeeded'];
  }

  private note(): void {
    const { outMs, backMs, everOut } = this.outcome;
    this.book.takeChanges();
    for (const [swarm, { allowance }] of this.health.entries()) {
      if (allowance === 0) everOut.add(swarm);
      if (allowance === 0 && this.nowMs >= BAD_FROM_MS && !outMs.has(swarm))
        outMs.set(swarm, this.nowMs - BAD_FROM_MS);
      if (this.nowMs < BAD_UNTIL_MS) continue;
      if (allowance < SLOTS) backMs.delete(swarm);
      else if (!backMs.has(swarm)) backMs.set(swarm, this.nowMs - BAD_UNTIL_MS);
    }
  }
}

/** Ten turn slow, ten fail fast, five hang. */
function bad(swarm: number, nowMs: number): Fault {
  if (nowMs < BAD_FROM_MS || nowMs >= BAD_UNTIL_MS || swarm >= 25) return 'none';
  return swarm < 10 ? 'slow' : swarm < 20 ? 'failing' : 'hanging';
}

const SLOW = range(0, 10);
const FAILING = range(10, 20);
const HANGING = range(20, 25);

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function times(of: Map<number, number>, swarms: number[]): { known: number; median: number; most: number } {
  const sorted = swarms.flatMap((swarm) => of.get(swarm) ?? []).sort((a, b) => a - b);
  return { known: sorted.length, median: sorted[sorted.length >> 1] ?? NaN, most: sorted.at(-1) ?? NaN };
}

const steady = (): number => 1;
const share = ({ hurt, attempts }: Outcome): number => hurt / attempts;

test.each([1, 2])(
  'seed %d: who turns bad is out, nobody else, and back soon after it is well again',
  (seed) => {
    const { outMs, backMs, everOut } = new Drill(seed, bad, steady, true).run(300_000);
    expect([...everOut].filter((swarm) => swarm >= 25)).toEqual([]);

    // Five attempts that fail at once.
    expect(times(outMs, FAILING)).toMatchObject({ known: 10 });
    expect(times(outMs, FAILING).most).toBeLessThan(6_000);
    // As long as five attempts take that end by their time-out, four at a time.
    expect(times(outMs, HANGING)).toMatchObject({ known: 5 });
    expect(times(outMs, HANGING).most).toBeLessThan(2 * TIMEOUT_MS + 5_000);
    // Five times as slow, with durations that spread from nothing to several times their mean: some twenty attempts tell.
    expect(times(outMs, SLOW).known).toBeGreaterThanOrEqual(9);
    expect(times(outMs, SLOW).median).toBeLessThan(90_000);

    expect(times(backMs, [...SLOW, ...FAILING, ...HANGING])).toMatchObject({ known: 25 });
    expect(times(backMs, [...SLOW, ...HANGING]).most).toBeLessThan(90_000);
    expect(times(backMs, FAILING).most).toBeLessThan(100_000);
  },
);

test('it spares four attempts in five of those that would have been hurt', () => {
  const [minded, blind] = [true, false].map((minds) =>
    new Drill(3, bad, steady, minds).run(BAD_UNTIL_MS),
  ) as [Outcome, Outcome];
  expect(share(blind)).toBeGreaterThan(0.1);
  expect(share(minded)).toBeLessThan(share(blind) / 5);
});

test.each([1.4, 5])('when all get %d times slower together, nobody is out', (factor) => {
  const slowdown = (nowMs: number): number => (nowMs >= BAD_FROM_MS ? factor : 1);
  expect(new Drill(4, () => 'none', slowdown, true).run(BAD_UNTIL_MS).everOut).toEqual(new Set());
});
