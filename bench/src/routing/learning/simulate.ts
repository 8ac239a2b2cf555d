import { seededRandom, type Random } from '@multiswarm/core';
import { normal } from '../../../../services/load-balancer/src/domain/learning/normal';
import { EventQueue } from './event-queue';
import type { Truth, World } from './world';

/** What decides. Classes are numbers; those that are full are not among the open ones. */
export interface Chooser {
  name: string;
  choose(type: number, open: readonly number[], free: readonly number[], world: World): number;
  ended(attempt: EndedAttempt): void;
}

export interface EndedAttempt {
  type: number;
  chosen: number;
  succeeded: boolean;
  durationMs: number;
  nowMs: number;
}

export interface Course {
  /** What is true from the beginning, and from the middle on. */
  before: World;
  after: World;
  tasks: number;
  /** Mean time between two arrivals, ms. */
  everyMs: number;
  seed: number;
}

/** What came of a part of a run. */
export interface Phase {
  attempts: number;
  successes: number;
  /** USD. */
  cost: number;
  /** Time that tasks have waited for a slot, ms. */
  waitedMs: number;
  /** Time that slots were held, ms. */
  busyMs: number;
}

/** Standard deviation of ln(ms) from attempt to attempt. */
const DEVIATION = 0.6;
const MOST_ATTEMPTS = 5;
const MS_PER_HOUR = 3_600_000;

interface Task {
  type: number;
  attempt: number;
  /** Decides how long each attempt takes and whether it succeeds, the same for every chooser. */
  seed: number;
  sinceMs: number;
  phase: number;
}

/**
 * Tasks arrive at random, wait in one line while no slot is free, run on the class that is chosen for them, and are tried again
 * where they fail. @returns what came of the tasks of each of `phases` equal parts of the arrivals
 */
export function simulate(course: Course, chooser: Chooser, phases: number): Phase[] {
  return new Simulation(course, chooser, phases).run();
}

class Simulation {
  private readonly results: Phase[];
  private readonly free: number[];
  private readonly line: Task[] = [];
  private served = 0;
  private readonly events = new EventQueue<() => void>();
  private nowMs = 0;
  private world: World;

  constructor(
    private readonly course: Course,
    private readonly chooser: Chooser,
    private readonly phases: number,
  ) {
    this.results = Array.from({ length: phases }, () => ({ attempts: 0, successes: 0, cost: 0, waitedMs: 0, busyMs: 0 }));
    this.world = course.before;
    this.free = course.before.classes.map(({ slots }) => slots);
  }

  run(): Phase[] {
    const { tasks, everyMs, seed, before, after } = this.course;
    const random = seededRandom(seed);
    let atMs = 0;
    const arrive = (index: number): void => {
      if (index === Math.floor(tasks / 2)) this.world = after;
      const type = Math.floor(random.next() * before.truth.length);
      const phase = Math.floor((index * this.phases) / tasks);
      this.enter({ type, attempt: 1, seed: seed * 1_000_003 + index * 7, sinceMs: this.nowMs, phase });
      if (index + 1 === tasks) return;
      atMs -= everyMs * Math.log(1 - random.next());
      this.events.add(atMs, () => arrive(index + 1));
    };
    this.events.add(0, () => arrive(0));
    for (let next = this.events.take(); next !== undefined; next = this.events.take()) {
      this.nowMs = next.atMs;
      next.value();
    }
    return this.results;
  }

  private enter(task: Task): void {
    this.line.push(task);
    this.serve();
  }

  private serve(): void {
    for (;;) {
      const task = this.line[this.served];
      const open = this.openClasses();
      if (task === undefined || open.length === 0) return;
      this.served += 1;
      this.start(task, this.chooser.choose(task.type, open, this.free, this.world));
    }
  }

  private openClasses(): number[] {
    const open: number[] = [];
    this.free.forEach((slots, index) => {
      if (slots > 0) open.push(index);
    });
    return open;
  }

  private start(task: Task, chosen: number): void {
    const { type } = task;
    const truth = this.world.truth[type]?.[chosen] as Truth;
    const { succeeded, durationMs } = fateOf(truth, seededRandom(task.seed + task.attempt));
    (this.free[chosen] as number) -= 1;
    const result = this.results[task.phase] as Phase;
    result.waitedMs += this.nowMs - task.sinceMs;
    this.events.add(this.nowMs + durationMs, () => {
      (this.free[chosen] as number) += 1;
      result.attempts += 1;
      if (succeeded) result.successes += 1;
      const price = this.world.classes[chosen]?.costPerSlotHour as number;
      result.cost += (price * durationMs) / MS_PER_HOUR;
      result.busyMs += durationMs;
      this.chooser.ended({ type, chosen, succeeded, durationMs, nowMs: this.nowMs });
      if (!succeeded && task.attempt < MOST_ATTEMPTS)
        this.enter({ ...task, attempt: task.attempt + 1, sinceMs: this.nowMs });
      else this.serve();
    });
  }
}

/** How an attempt goes: a lognormal duration, and a failure somewhere on the way. */
function fateOf({ meanMs, success }: Truth, random: Random): { succeeded: boolean; durationMs: number } {
  random.next();
  const succeeded = random.next() < success;
  const wholeMs = meanMs * Math.exp(DEVIATION * normal(random) - DEVIATION ** 2 / 2);
  return { succeeded, durationMs: succeeded ? wholeMs : wholeMs * random.next() };
}
