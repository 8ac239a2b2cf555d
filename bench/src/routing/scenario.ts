import type { Random } from '@multiswarm/core';
import type { Distribution } from './world/distributions';
import type { Drill } from './drill-watch';
import type { HostSpec, Mode } from './world/host';

export interface Phase {
  name: string;
  /** Work that arrives, as a share of `capacityCores`. */
  load: number;
  requests: number;
}

/** What happens to a host at a time, whoever routes. */
export interface Disturbance {
  atS: number;
  host: number;
  change: { cores?: number; speed?: number; mode?: Mode };
}

export interface Scenario {
  readonly name: string;
  readonly hosts: readonly HostSpec[];
  readonly service: Distribution;
  readonly meanServiceS: number;
  /** What load 1 is: cores of speed 1. */
  readonly capacityCores: number;
  readonly phases: readonly Phase[];
  /** Of each phase, not counted: the fleet has to reach the load first. */
  readonly warmUpShare: number;
  /** Balancers that work side by side; each request goes to any of them. */
  readonly replicas: number;
  /** Each host says how it is, to all replicas, this often. */
  readonly reportEveryS: number;
  /** From the choice of a host until it has the request, and again after each refusal. */
  readonly hopS: number;
  /** From the arrival; what has not ended by then is given up. */
  readonly deadlineS: number;
  /** Whether it is watched when balancers take hosts out, and back. */
  readonly drill?: Drill;
  /** In the order of time. */
  disturbances(random: Random, untilS: number): readonly Disturbance[];
}

export const undisturbed = (): readonly Disturbance[] => [];
