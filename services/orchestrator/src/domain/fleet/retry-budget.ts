/** Share of the active attempts that may be re-picks, and how many may be in any case (Envoy's retry budget). */
const SHARE = 0.2;
const LEAST = 3;

/**
 * How many attempts of a region may be on their way to another swarm at the same time, after one has refused them: re-picks help
 * where few are refused, and make it worse where most are (Finagle's and Envoy's retry budgets).
 *
 * R1. At no time are more under way than a fifth of what is active, or three.
 */
export class RetryBudget {
  private underWay = 0;

  /** @returns how many of those that are wanted may go; they are given back together */
  take(wanted: number, active: number): number {
    const most = Math.max(LEAST, Math.floor(SHARE * active));
    const granted = Math.max(0, Math.min(wanted, most - this.underWay));
    this.underWay += granted;
    return granted;
  }

  giveBack(granted: number): void {
    this.underWay -= granted;
  }
}
