import type { Random } from '@multiswarm/core';
import type { Moment } from '../moment';
import type { Knowledge } from './knowledge';

/** Endpoints that a decision keeps for its receipt. */
export const RANKED = 5;

/** What policies are given beside the view, and where they write their ranks. One object for all decisions. */
export class Aids {
  /** Rows of the endpoints that were ranked, the best first. */
  readonly ranked = new Int32Array(RANKED);
  readonly scores = new Float64Array(RANKED);
  now: Moment = { wallMs: 0, monotonicMs: 0 };

  /** @param learner undefined where nothing is learned */
  constructor(
    readonly random: Random,
    readonly learner?: Knowledge,
  ) {}

  begin(now: Moment): void {
    this.now = now;
  }
}
