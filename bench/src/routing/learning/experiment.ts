import { seededRandom } from '@multiswarm/core';
import { cheapest, learned, leastLoaded, oracle } from './choosers';
import { simulate, type Chooser, type Course, type Phase } from './simulate';
import { driftedFrom, worldOf, type World, type WorldOptions } from './world';

export interface Scenario {
  name: string;
  world: WorldOptions;
  /** Whether, in the middle, every other type becomes good at other classes. */
  drift: boolean;
  tasks: number;
  /** The chooser that nothing better can be wanted than: the oracle, or, where there is nothing to know, who goes by load. */
  heldAgainst: string;
}

/** Parts of a run that are looked at on their own. */
export const PHASES = 8;
/** Share of its slots that a fleet would use if every task went to any class. */
const LOAD = 0.8;
const COMMON = { types: 8, classes: 8, slotsPerClass: 16 } as const;

/** Classes that are good at different types and have different prices; and the same fleet where all classes are alike. */
export function scenarios(tasks: number): Scenario[] {
  const heterogeneous: WorldOptions = {
    ...{ ...COMMON, differences: 0.5, success: [0.8, 0.99], prices: [0.2, 4] },
  };
  const alike: WorldOptions = { ...COMMON, differences: 0, success: [0.95, 0.95], prices: [1, 1] };
  return [
    { name: 'heterogeneous', world: heterogeneous, drift: true, tasks, heldAgainst: oracle.name },
    { name: 'alike', world: alike, drift: false, tasks, heldAgainst: leastLoaded.name },
  ];
}

/** What came of one seed, by chooser: the whole run, and its parts. */
export interface Outcome {
  chooser: string;
  whole: Measures;
  phases: Measures[];
}

export interface Measures {
  /** Share of the attempts that succeeded, 0 to 1. */
  success: number;
  /** USD for a task that succeeded. */
  cost: number;
  /** Mean time that an attempt waited for a slot. */
  waitMs: number;
}

/** Runs one scenario from one seed with every chooser: they all meet the same tasks at the same times. */
export function run({ world, drift, tasks }: Scenario, seed: number): Outcome[] {
  const random = seededRandom(seed);
  const before = worldOf(world, random);
  const after = drift ? driftedFrom(before, random) : before;
  const course: Course = {
    ...{ before, after, tasks, seed, everyMs: meanMs(before) / (slotsOf(before) * LOAD) },
    chance: !drift,
  };
  return [oracle, learned(seed), leastLoaded, cheapest].map((chooser) => outcomeOf(course, chooser));
}

function outcomeOf(course: Course, chooser: Chooser): Outcome {
  const phases = simulate(course, chooser, PHASES);
  const whole: Phase = { attempts: 0, successes: 0, cost: 0, waitedMs: 0 };
  for (const phase of phases) for (const key of KEYS) whole[key] += phase[key];
  return { chooser: chooser.name, whole: measuresOf(whole), phases: phases.map(measuresOf) };
}

const KEYS = ['attempts', 'successes', 'cost', 'waitedMs'] as const satisfies readonly (keyof Phase)[];

function measuresOf({ attempts, successes, cost, waitedMs }: Phase): Measures {
  return { success: successes / attempts, cost: cost / successes, waitMs: waitedMs / attempts };
}

function meanMs({ truth }: World): number {
  const all = truth.flat();
  return all.reduce((sum, each) => sum + each.meanMs, 0) / all.length;
}

function slotsOf({ classes }: World): number {
  return classes.reduce((sum, { slots }) => sum + slots, 0);
}
