import { seededIds, type Clock, type Ids, type Random } from '@multiswarm/core';
import { between, chance, type Seeds } from './seeds';
import type { Happening, Timeline } from './timeline';

/** 14 November 2023: a wall clock that begins at zero would hide what divides by it. */
export const WALL_EPOCH_MS = 1_700_000_000_000;
/** What one turn of an event loop takes; time must go on, or loops of turns would never end. */
const TURN_MS = { from: 0.005, to: 0.05 };

export interface ProcessOptions {
  name: string;
  /** Where it runs: a region, or the centre. Sites can be cut off from each other. */
  site: string;
  /** How far its wall clock is off. */
  skewMs: number;
}

const ANYTHING = /^/;

type End = 'kill' | 'pause';

/**
 * One process from its start to its death.
 *
 * P1. A dead process does nothing any more: its timers, what is delivered to it and the answers that it waits for are dropped, and
 *     what it wanted to send later never leaves.
 * P2. A paused process stands still while time passes. What was due, delivered or answered meanwhile happens when it goes on; what
 *     the turn in which it was paused still wanted to send leaves then, with whatever it believed at that time.
 */
export class SimProcess {
  readonly name: string;
  readonly site: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  state: 'running' | 'paused' | 'dead' = 'running';
  /** Called once when it dies, by the servers that it had connections to. */
  readonly onDeath: (() => void)[] = [];
  private readonly chaos: Random;
  private heldEvents: Happening[] = [];
  private heldSends: { what: string; send: () => void }[] = [];
  private armed: { after: number; end: End; at: RegExp; then: () => void } | undefined;

  constructor(
    options: ProcessOptions,
    private readonly timeline: Timeline,
    seeds: Seeds,
  ) {
    this.name = options.name;
    this.site = options.site;
    this.random = seeds.stream(`process/${options.name}`);
    this.chaos = seeds.stream(`chaos/${options.name}`);
    const turns = seeds.stream(`turns/${options.name}`);
    this.clock = {
      now: () => Math.floor(WALL_EPOCH_MS + options.skewMs + timeline.now),
      monotonic: () => timeline.now,
      after: (ms, fn) => timeline.in(Math.max(0, ms), this, 'timer', fn),
      soon: (fn) => void timeline.in(between(turns, TURN_MS.from, TURN_MS.to), this, 'turn', fn),
    };
    this.ids = seededIds(this.clock, seeds.stream(`ids/${options.name}`));
  }

  /** Lets `send` happen now, when the process goes on (P2), or never (P1). `what` is for those who wait for it to be sent. */
  sends(what: string, send: () => void): void {
    if (this.state === 'dead') return;
    if (this.state === 'paused') return void this.heldSends.push({ what, send });
    const { armed } = this;
    if (armed === undefined || !armed.at.test(what) || --armed.after > 0) return send();
    this.armed = undefined;
    // The last thing that it sent may or may not have left.
    const left = chance(this.chaos, 0.5);
    if (left) send();
    if (armed.end === 'kill') this.kill();
    else {
      this.pause();
      if (!left) this.heldSends.push({ what, send });
    }
    armed.then();
  }

  /** Ends or pauses it in the middle of what it does: with the `sends`-th thing of some kind that it sends from now on. */
  arm(end: End, sends: number, then: () => void = () => undefined, at = ANYTHING): void {
    this.armed = { after: Math.max(1, sends), end, at, then };
  }

  disarm(): void {
    this.armed = undefined;
  }

  kill(): void {
    if (this.state === 'dead') return;
    this.state = 'dead';
    this.heldEvents = [];
    this.heldSends = [];
    for (const listener of this.onDeath) listener();
  }

  pause(): void {
    if (this.state === 'running') this.state = 'paused';
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'running';
    for (const { what, send } of this.heldSends.splice(0)) this.sends(what, send);
    // Node fires the timers that are due before it reads from its sockets; which is which is left to the order of arrival.
    for (const event of this.heldEvents.splice(0)) this.timeline.again(event);
  }

  /** For the timeline: something happens to it while it is paused. */
  hold(event: Happening): void {
    this.heldEvents.push(event);
  }
}
