import { LIMITS, type ShardFinding } from '@multiswarm/contracts';

/** What a check has found: the first ones in full, all of them counted. */
export class CheckFindings {
  readonly listed: ShardFinding[] = [];
  readonly skipped: string[] = [];
  found = 0;
  repaired = 0;

  add(finding: Omit<ShardFinding, 'repaired'>): ShardFinding {
    const whole = { ...finding, repaired: false };
    this.found += 1;
    if (this.listed.length < LIMITS.CHECK_FINDINGS) this.listed.push(whole);
    return whole;
  }

  mended(...findings: readonly ShardFinding[]): void {
    for (const finding of findings) {
      finding.repaired = true;
      this.repaired += 1;
    }
  }

  skip(what: string): void {
    if (this.skipped.length < LIMITS.FINDINGS) this.skipped.push(what);
  }
}
