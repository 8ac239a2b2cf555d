/** What became of a request. `late`: its deadline passed; `failed`: the host answered with a failure. */
export type Ending = 'done' | 'failed' | 'late';

/** One request on its way through the simulation. Times are seconds since its start. */
export class Job {
  /** The replica that placed it last. */
  replica = 0;
  host = -1;
  /** Times that a balancer chose a host for it, since it last waited. */
  picks = 0;
  dispatchedS = 0;
  /** Jobs that its host held already when it came. */
  heldBefore = 0;
  startedS = Infinity;
  /** Where the host's count of work for each job must be for this one to be done. */
  doneAt = 0;
  failing = false;
  place: 'queue' | 'hop' | 'host' | 'lane' | 'gone' = 'queue';

  constructor(
    readonly id: number,
    readonly phase: number,
    readonly measured: boolean,
    readonly arrivedS: number,
    /** Seconds on a core of speed 1 of its own. */
    readonly workS: number,
  ) {}
}
