import type { Random } from '@multiswarm/core';
import type { ProgramHost } from '../nodes/program-host';
import { between, chance, pick, pickWeighted, wholeBetween } from '../world/seeds';
import { CALM } from '../world/weather';
import { CALM_STORE } from '../world/redis-server';
import type { SimProcess } from '../world/process';
import type { World } from '../world/world';
import { TIMES } from './plan';
import { REGIONS } from './submissions';

type Fault = () => void;

const ANY = /^/;
const DISPATCH = /dispatch$|\.tasks$/;
/** What a process is about to send when it is ended or paused. */
const MOMENTS = [ANY, ANY, ANY, DISPATCH, DISPATCH, /^commit/, /report$/, /grant$|changes$/, /^re /] as const;

/** What goes wrong, when, and for how long: all of it from the seed. After `quiet` nothing does any more. */
export class Faults {
  private over = false;

  constructor(
    private readonly world: World,
    private readonly host: ProgramHost,
    private readonly random: Random,
  ) {}

  schedule(count: number, duringMs: number): void {
    for (let fault = 0; fault < count; fault += 1)
      this.world.timeline.at(between(this.random, 0, duringMs), undefined, 'fault', () => {
        if (!this.over) this.one()();
      });
  }

  /** Everything heals, and what is dead or stands still goes on. */
  quiet(): void {
    this.over = true;
    const { world, host } = this;
    world.nats.weather = CALM;
    world.redis.weather = CALM_STORE;
    world.redis.down = false;
    world.geography.healAll();
    world.nats.start();
    for (const name of host.names) {
      host.process(name)?.disarm();
      host.process(name)?.resume();
      host.start(name);
    }
  }

  private one(): Fault {
    return pickWeighted<Fault>(this.random, [
      [16, () => this.kill()],
      [12, () => this.pause()],
      [8, () => this.terminate()],
      [7, () => this.cutRegion()],
      [7, () => this.breakLink()],
      [3, () => this.natsOutage()],
      [5, () => this.redisOutage()],
      [8, () => this.storeTrouble()],
      [8, () => this.badWeather()],
    ]);
  }

  private kill(): void {
    const process = this.host.process(this.victim());
    if (!process) return;
    if (chance(this.random, 0.7))
      this.armed(process, 'kill', pick(this.random, MOMENTS), () => this.note(`${process.name} is killed`));
    else {
      this.note(`${process.name} is killed`);
      process.kill();
    }
  }

  private pause(): void {
    const process = this.host.process(this.victim());
    const at = pick(this.random, MOMENTS);
    // A dispatch that leaves after another owner has sent out what it found is the one to be afraid of.
    const forMs = between(this.random, at === DISPATCH ? TIMES.leaseMs : 100, 6_000);
    const paused = (): void => {
      this.note(`${process?.name} stands still for ${Math.round(forMs)} ms`);
      this.later(forMs, () => process?.resume());
    };
    if (process?.state !== 'running') return;
    if (chance(this.random, 0.7)) return this.armed(process, 'pause', at, paused);
    process.pause();
    paused();
  }

  /** With one of the next things that it sends; often with one after which another may have begun what it began. */
  private armed(process: SimProcess, end: 'kill' | 'pause', at: RegExp, then: () => void): void {
    process.arm(end, wholeBetween(this.random, 1, at === ANY ? 12 : 3), then, at);
  }

  private terminate(): void {
    const name = this.victim();
    this.note(`${name} is told to end`);
    this.host.stop(name, between(this.random, 1_000, 5_000));
  }

  private cutRegion(): void {
    const region = pick(this.random, REGIONS);
    const forMs = between(this.random, 200, 7_000);
    this.note(`${region} is cut off for ${Math.round(forMs)} ms`);
    this.world.geography.cut(region);
    this.later(forMs, () => this.world.geography.heal(region));
  }

  private breakLink(): void {
    const process = this.host.process(this.victim());
    if (!process) return;
    this.note(`${process.name} loses NATS`);
    const { nats } = this.world;
    const peers = nats.peersOf(process);
    for (const peer of peers) nats.breakLink(peer);
    this.later(between(this.random, 50, 3_000), () => peers.forEach((peer) => nats.restoreLink(peer)));
  }

  private natsOutage(): void {
    this.note('NATS is away');
    this.world.nats.stop();
    this.later(between(this.random, 100, 3_000), () => this.world.nats.start());
  }

  private redisOutage(): void {
    this.note('Redis is away');
    this.world.redis.down = true;
    this.later(between(this.random, 100, 3_000), () => (this.world.redis.down = false));
  }

  private storeTrouble(): void {
    const { random, world } = this;
    this.note('answers of Redis get lost');
    world.redis.weather = {
      answerLostShare: between(random, 0, 0.3),
      slowShare: between(random, 0, 0.3),
      slowMs: between(random, 10, 1_500),
    };
    this.later(between(random, 200, 3_000), () => (world.redis.weather = CALM_STORE));
  }

  private badWeather(): void {
    const { random, world } = this;
    this.note('messages get lost, late and doubled');
    world.nats.weather = {
      slowShare: between(random, 0, 0.3),
      slowMs: between(random, 10, 2_000),
      dropShare: between(random, 0, 0.2),
      duplicateShare: between(random, 0, 0.2),
    };
    this.later(between(random, 200, 3_000), () => (world.nats.weather = CALM));
  }

  private victim(): string {
    const names = this.host.names;
    const replicas = names.filter((name) => name.startsWith('orch'));
    return pick(this.random, chance(this.random, 0.5) ? replicas : names);
  }

  private later(ms: number, then: () => void): void {
    this.world.timeline.in(ms, undefined, 'fault ends', () => {
      if (!this.over) then();
    });
  }

  private note(text: string): void {
    this.world.trace.fact(this.world.timeline.now, text);
  }
}
