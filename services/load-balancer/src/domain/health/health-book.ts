import type { HealthState } from '@multiswarm/contracts';
import { Fifo } from '@multiswarm/core';
import type { Moment } from '../moment';
import { signOf, type AttemptEnd } from './attempt-end';
import type { Sign } from './breaker';
import { HealthControls } from './health-controls';
import { THRESHOLDS, type HealthSettings } from './health-settings';
import { OutlierScan } from './outlier-scan';
import { PanicGroups, type Census } from './panic-groups';
import { SwarmHealth, type SwarmFacts } from './swarm-health';
import { TypeNorm, TypeNorms } from './type-norms';
import { allowanceOf, isPanicked, reasonOf, standingOf, stateOf, type Verdict } from './verdict';

export type HealthChange =
  | {
      kind: 'state';
      swarm: SwarmHealth;
      from: HealthState;
      to: HealthState;
      reason: string;
      atWallMs: number;
    }
  | {
      kind: 'panic';
      isPanic: boolean;
      group: string | undefined;
      routable: number;
      up: number;
      atWallMs: number;
    };

/**
 * What is known of the health of all swarms that are up, and what follows from it for whoever places work.
 *
 * H1. A swarm that is not known has no health: what is told of it changes nothing.
 * H2. Only what a swarm can help counts against it. A failure that its task would have had anywhere is the task's; one whose type
 *     fails elsewhere too counts less; so does a refusal where others refuse as well: in a busy fleet several replicas send to the
 *     same free slot, and all but one are refused by whoever is well. Cancelled and unused attempts say nothing.
 * H3. Time goes forward: what is told with an earlier monotonic time happens at the latest one that was seen.
 * H4. Every change of a verdict is told once, by `takeTouched`, and every change of a state, by `takeChanges`.
 * H5. What an operator has decided is stronger than what was seen, and a panic overrides only what was seen.
 */
export class HealthBook {
  private readonly swarms = new Map<string, SwarmHealth>();
  private readonly types = new TypeNorms();
  /** How often swarms refuse what they are given, whatever its type. */
  private readonly refusing = new TypeNorm();
  private readonly panic: PanicGroups;
  private readonly scan = new OutlierScan<SwarmHealth>();
  /** Those whose verdict can change by the passing of time. */
  private readonly unsettled = new Set<SwarmHealth>();
  private readonly unroutable = new Set<SwarmHealth>();
  /** Those that came last, in their order; longer than a slow start ago, they are mature. */
  private readonly young = new Fifo<SwarmHealth>();
  private mature = 0;
  private touched = new Set<string>();
  private changes: HealthChange[] = [];
  private controls = new HealthControls();
  private numbers = 0;
  private ejected = 0;
  private now: Moment = { wallMs: 0, monotonicMs: -Infinity };
  private lookedAtMs = -Infinity;

  constructor(readonly settings: HealthSettings) {
    this.panic = new PanicGroups(settings.panicBelow);
  }

  get size(): number {
    return this.swarms.size;
  }

  all(): IterableIterator<SwarmHealth> {
    return this.swarms.values();
  }

  /** Too few of the fleet are well. */
  get isPanic(): boolean {
    return this.panic.fleet.isPanic;
  }

  get(swarmId: string): SwarmHealth | undefined {
    return this.swarms.get(swarmId);
  }

  /** A swarm is up, with what it offers now. New ones, and those that were away, start slowly where there are others. */
  seen(swarmId: string, facts: SwarmFacts, now: Moment): void {
    this.pass(now);
    const known = this.swarms.get(swarmId);
    if (known === undefined) return this.join(swarmId, facts);
    if (isSame(known.facts, facts)) return;
    const isElsewhere = known.facts.group !== facts.group;
    if (isElsewhere) this.flip(this.panic.leave(known));
    known.facts = facts;
    if (isElsewhere) this.flip(this.panic.join(known));
    this.control(known);
  }

  /** It is down, has said goodbye, or is another process now: what was learned of it does not hold any more. */
  removed(swarmId: string): void {
    const swarm = this.swarms.get(swarmId);
    if (swarm === undefined) return; // H1
    this.swarms.delete(swarmId);
    this.unsettled.delete(swarm);
    this.unroutable.delete(swarm);
    this.touched.delete(swarmId);
    if (swarm.ejection.isEjected) this.ejected -= 1;
    if (swarm.isMature) this.mature -= 1;
    this.flip(this.panic.leave(swarm));
  }

  /** An attempt was placed on it: while it is half-open, that is its probe. */
  placed(swarmId: string, type: string, now: Moment): void {
    const swarm = this.swarms.get(swarmId);
    if (swarm?.breaker.state !== 'half-open') return;
    this.pass(now);
    const { PROBE_MS, PROBE_MEDIANS, PROBE_LEAST_MS, PROBE_MOST_MS } = THRESHOLDS;
    const medianMs = this.types.of(type).medianMs();
    const timeMs = medianMs === undefined ? PROBE_MS : Math.max(PROBE_LEAST_MS, PROBE_MEDIANS * medianMs);
    swarm.breaker.placed(this.now.monotonicMs + Math.min(PROBE_MOST_MS, timeMs));
  }

  /** In constant time. */
  ended(swarmId: string, end: AttemptEnd, now: Moment): void {
    const swarm = this.swarms.get(swarmId);
    if (swarm === undefined) return; // H1
    this.pass(now);
    const sign = signOf(end);
    const norm = end.type === undefined ? undefined : this.types.of(end.type);
    const failsElsewhere = norm?.failsElsewhere(swarm.number) ?? 0;
    if (sign !== 'neutral') this.learn(swarm, sign, end, norm, failsElsewhere);
    // It was given before the ejection, and tells of that time.
    if (swarm.ejection.isEjected) return;
    const endedMs = this.now.monotonicMs;
    const beganMs = endedMs - (end.durationMs ?? 0);
    if (swarm.breaker.ended({ sign, beganMs, endedMs, failsElsewhere })) this.refresh(swarm);
  }

  /** Lets time pass: to be called a few times a second. Looks at those that are not well, and now and then at all. */
  tick(now: Moment): void {
    this.pass(now);
    const { monotonicMs } = this.now;
    for (const swarm of this.unsettled) {
      swarm.breaker.tick(monotonicMs);
      if (swarm.ejection.tick(monotonicMs)) this.endEjection(swarm);
      this.refresh(swarm);
    }
    if (monotonicMs - this.lookedAtMs >= THRESHOLDS.OUTLIER_EVERY_MS) this.look();
  }

  /** Takes over what operators have set, as it is at this time. */
  apply(controls: HealthControls, now: Moment): void {
    this.pass(now);
    this.controls = controls;
    for (const swarm of this.swarms.values()) this.control(swarm);
  }

  /** Forgets what was learned of it. */
  reset(swarmId: string, now: Moment): void {
    const swarm = this.swarms.get(swarmId);
    if (swarm === undefined) return; // H1
    this.pass(now);
    if (swarm.ejection.isEjected) this.ejected -= 1;
    swarm.reset();
    this.control(swarm);
  }

  /** Full trust for a swarm that is not known. */
  verdict(swarmId: string): Verdict {
    const swarm = this.swarms.get(swarmId);
    if (swarm === undefined) return { state: 'ready', allowance: Infinity, tier: 0, reason: '' };
    const { state, allowance, tier, isPanicked: isLast } = swarm;
    const reason = reasonOf(swarm);
    return {
      state,
      allowance,
      tier,
      reason: isLast ? `${reason}; too few swarms are well to do without it` : reason,
    };
  }

  /** H4: swarms whose allowance or tier has changed since the last call. */
  takeTouched(): ReadonlySet<string> {
    const { touched } = this;
    if (touched.size > 0) this.touched = new Set();
    return touched;
  }

  /** H4. */
  takeChanges(): readonly HealthChange[] {
    const { changes } = this;
    if (changes.length > 0) this.changes = [];
    return changes;
  }

  /** Swarms, so many at most, that get nothing, or nothing but a probe. */
  unwell(most: number): string[] {
    const found: string[] = [];
    for (const swarm of this.unsettled) {
      if (found.length >= most) break;
      if (isOut(swarm.state) && !swarm.isPanicked) found.push(swarm.swarmId);
    }
    return found;
  }

  /** How many swarms are in each state. */
  counts(): Map<HealthState, number> {
    const counts = new Map<HealthState, number>();
    for (const { state } of this.swarms.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return counts;
  }

  /** H3. */
  private pass(now: Moment): void {
    if (now.monotonicMs < this.now.monotonicMs) return;
    this.now = now;
    this.ripen();
  }

  private join(swarmId: string, facts: SwarmFacts): void {
    const { monotonicMs, wallMs } = this.now;
    const swarm = new SwarmHealth(swarmId, this.numbers, facts, monotonicMs, this.settings);
    this.numbers += 1;
    swarm.stateSinceWallMs = wallMs;
    if (this.mayRamp()) swarm.rampFromMs = monotonicMs;
    this.swarms.set(swarmId, swarm);
    this.young.push(swarm);
    this.touched.add(swarmId);
    this.flip(this.panic.join(swarm));
    this.control(swarm);
  }

  private learn(
    swarm: SwarmHealth,
    sign: Exclude<Sign, 'neutral'>,
    { durationMs }: AttemptEnd,
    norm: TypeNorm | undefined,
    failsElsewhere: number,
  ): void {
    const { monotonicMs } = this.now;
    const isRefusal = sign === 'busy';
    swarm.refusals.add(isRefusal, this.refusing.failsElsewhere(swarm.number), monotonicMs);
    this.refusing.observe(swarm.number, isRefusal);
    if (isRefusal) return;
    swarm.window.add(sign === 'failed', failsElsewhere, monotonicMs);
    if (norm === undefined) return;
    const isFailure = sign === 'failed';
    const medianMs = norm.medianMs();
    const times = durationMs === undefined || medianMs === undefined ? undefined : durationMs / medianMs;
    if (isFailure) swarm.latency.failed(times ?? 0, monotonicMs);
    else if (times !== undefined) swarm.latency.observe(times, monotonicMs);
    // How long a failure took says nothing of how fast it works.
    if (!isFailure && times !== undefined) swarm.slowness.observe(times);
    norm.observe(swarm.number, isFailure, durationMs);
  }

  private look(): void {
    this.lookedAtMs = this.now.monotonicMs;
    for (const { swarm, reason } of this.scan.find(this.swarms.values(), this.now.monotonicMs)) {
      // The cap as it will be after the ejection.
      if (this.ejected + 1 > this.settings.mostEjected * this.panic.fleet.up) return;
      this.ejected += 1;
      swarm.ejection.eject(reason, this.now.monotonicMs);
      this.refresh(swarm);
    }
  }

  private endEjection(swarm: SwarmHealth): void {
    this.ejected -= 1;
    // What it did before says nothing of how it is now.
    swarm.window.clear();
    swarm.refusals.clear();
    swarm.slowness.reset();
    swarm.latency.reset();
  }

  private control(swarm: SwarmHealth): void {
    const { wallMs } = this.now;
    const named = { swarmId: swarm.swarmId, region: swarm.facts.region, labels: swarm.facts.labels };
    swarm.force = this.controls.forceOf(swarm.swarmId, wallMs);
    swarm.maintenance = this.controls.maintenanceOf(named, wallMs);
    this.refresh(swarm);
  }

  /** Works out the verdict anew, and tells what is other than before. */
  private refresh(swarm: SwarmHealth): void {
    const { monotonicMs } = this.now;
    const from = swarm.state;
    if (swarm.rampFromMs !== undefined && monotonicMs - swarm.rampFromMs >= this.settings.slowStartMs)
      swarm.rampFromMs = undefined;
    let to = stateOf(swarm);
    if (isOut(from) && !isOut(to)) {
      swarm.rampFromMs = this.mayRamp() ? monotonicMs : undefined;
      to = stateOf(swarm);
    }
    swarm.state = to;
    const isSettled = to === 'ready' && swarm.breaker.state === 'closed' && !swarm.ejection.isEjected;
    if (isSettled) this.unsettled.delete(swarm);
    else this.unsettled.add(swarm);
    if (from !== to) this.tell(swarm, from, to);
    const flipped = this.panic.stand(swarm, standingOf(to));
    if (swarm.standing === 'unroutable') this.unroutable.add(swarm);
    else this.unroutable.delete(swarm);
    this.setVerdict(swarm);
    this.flip(flipped);
  }

  private setVerdict(swarm: SwarmHealth): void {
    swarm.isPanicked = isPanicked(swarm, this.panic.isPanicFor(swarm.facts.group));
    const allowance = swarm.isPanicked
      ? swarm.facts.slots
      : allowanceOf(swarm, this.now.monotonicMs, this.settings);
    const tier = swarm.isPanicked ? 1 : 0;
    if (allowance === swarm.allowance && tier === swarm.tier) return;
    swarm.allowance = allowance;
    swarm.tier = tier;
    this.touched.add(swarm.swarmId);
  }

  /** H5: a panic has begun or ended in the fleet or in a group. */
  private flip(flipped: readonly Census[]): void {
    if (flipped.length === 0) return;
    for (const { isPanic, group, routable, up } of flipped)
      this.push({ kind: 'panic', isPanic, group, routable, up, atWallMs: this.now.wallMs });
    for (const swarm of this.unroutable) this.setVerdict(swarm);
  }

  /** A slow start only where others are there to do the work: not for a fleet that starts, nor where most are new. */
  private mayRamp(): boolean {
    return this.settings.slowStartMs > 0 && this.mature * 2 > this.swarms.size;
  }

  private ripen(): void {
    const { monotonicMs } = this.now;
    for (let oldest = this.young.peek(); oldest !== undefined; oldest = this.young.peek()) {
      if (monotonicMs - oldest.sinceMs < this.settings.slowStartMs) return;
      this.young.shift();
      if (this.swarms.get(oldest.swarmId) !== oldest) continue;
      oldest.isMature = true;
      this.mature += 1;
    }
  }

  private tell(swarm: SwarmHealth, from: HealthState, to: HealthState): void {
    const atWallMs = this.now.wallMs;
    swarm.stateSinceWallMs = atWallMs;
    this.push({ kind: 'state', swarm, from, to, reason: reasonOf(swarm), atWallMs });
  }

  private push(change: HealthChange): void {
    if (this.changes.length >= THRESHOLDS.CHANGES) this.changes.shift();
    this.changes.push(change);
  }
}

/** States in which a swarm gets nothing, or next to nothing. */
function isOut(state: HealthState): boolean {
  return state === 'open' || state === 'ejected' || state === 'half-open' || state === 'maintenance';
}

function isSame(a: SwarmFacts, b: SwarmFacts): boolean {
  return (
    a === b ||
    (a.slots === b.slots && a.region === b.region && a.group === b.group && isSameLabels(a.labels, b.labels))
  );
}

function isSameLabels(a: SwarmFacts['labels'], b: SwarmFacts['labels']): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
