import { Heap, seededRandom, type Random } from '@multiswarm/core';
import { normal } from '../../../../services/load-balancer/src/domain/learning/normal';
import type { SimulatedClass, Truth, World } from './world';

/** What decides. Classes are numbers; those that are full are not among the open ones. */
export interface Chooser {
  name: string;
  choose(type: number, open: readonly number[], free: readonly number[], world: World): number;
  ended(attempt: EndedAttempt): void;
}

export interface EndedAttempt {
  type: number;
  chosen: SimulatedClass;
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
  /** Whether an attempt goes otherwise on each class, also where they are alike: else only what classes are good at makes a difference. */
  chance?: boolean;
}

/** What came of a part of a run. */
export interface Phase {
  attempts: number;
  successes: number;
  /** USD. */
  cost: number;
  /** Time that tasks have waited for a slot, ms. */
  waitedMs: number;
}

/** Standard deviation of ln(ms) from attempt to attempt. */
const DEVIATION = 0.6;
const MOST_ATTEMPTS = 5;
const MS_PER_HOUR = 3_600_000;

interface Event {
  atMs: number;
  happen: () => void;
}

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
  private readonly events = new Heap<Event>(
    (a, b) => a.atMs < b.atMs,
    () => undefined,
  );
  private nowMs = 0;
  private world: World;

  constructor(
    private readonly course: Course,
    private readonly chooser: Chooser,
    private readonly phases: number,
  ) {
    this.results = Array.from({ length: phases }, () => ({
      attempts: 0,
      successes: 0,
      cost: 0,
      waitedMs: 0,
    }));
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
      this.at(atMs, () => arrive(index + 1));
    };
    this.at(0, () => arrive(0));
    for (let next = this.events.pop(); next !== undefined; next = this.events.pop()) {
      this.nowMs = next.atMs;
      next.happen();
    }
    return this.results;
  }

  private at(atMs: number, happen: () => void): void {
    this.events.push({ atMs, happen });
  }

  private enter(task: Task): void {
    this.line.push(task);
    this.serve();
  }

  private serve(): void {
    for (let task = this.line[this.served]; task !== undefined; task = this.line[this.served]) {
      const open = this.openClasses();
      if (open.length === 0) return;
      this.served += 1;
      this.start(task, this.chooser.choose(task.type, open, this.free, this.world));
    }
  }

  private openClasses(): number[] {
    const open: number[] = [];
    this.free.forEach((slots, at) => {
      if (slots > 0) open.push(at);
    });
    return open;
  }

  private start(task: Task, at: number): void {
    const truth = this.world.truth[task.type]?.[at] as Truth;
    const luck = this.course.chance === true ? at * 10_007 : 0;
    const fate = fateOf(truth, seededRandom(task.seed + task.attempt + luck));
    (this.free[at] as number) -= 1;
    (this.results[task.phase] as Phase).waitedMs += this.nowMs - task.sinceMs;
    this.at(this.nowMs + fate.durationMs, () => this.end(task, at, fate));
  }

  private end(task: Task, at: number, { succeeded, durationMs }: Fate): void {
    const chosen = this.world.classes[at] as SimulatedClass;
    const result = this.results[task.phase] as Phase;
    (this.free[at] as number) += 1;
    result.attempts += 1;
    if (succeeded) result.successes += 1;
    result.cost += (chosen.costPerSlotHour * durationMs) / MS_PER_HOUR;
    this.chooser.ended({ type: task.type, chosen, succeeded, durationMs, nowMs: this.nowMs });
    if (!succeeded && task.attempt < MOST_ATTEMPTS)
      this.enter({ ...task, attempt: task.attempt + 1, sinceMs: this.nowMs });
    else this.serve();
  }
}

interface Fate {
  succeeded: boolean;
  durationMs: number;
}

/** How an attempt goes: a lognormal duration, and a failure somewhere on the way. */
function fateOf({ meanMs, success }: Truth, random: Random): Fate {
  random.next();
  const succeeded = random.next() < success;
  const wholeMs = meanMs * Math.exp(DEVIATION * normal(random) - DEVIATION ** 2 / 2);
  return { succeeded, durationMs: succeeded ? wholeMs : wholeMs * random.next() };
}
