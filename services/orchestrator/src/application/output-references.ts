import { asMultiswarmError, type AttemptReport, type ReportRequest } from '@multiswarm/contracts';
import type { PayloadStore } from '../payload-ports';

/** Outputs that are looked up at once. */
const CLAIMS_AT_ONCE = 32;

/**
 * Outputs that go by reference are claimed before they are recorded, so that no record refers to what is not there: nobody could read
 * that, and a step behind it would fail again and again.
 */
export class OutputReferences {
  /** @param store undefined where this process has none: then references are taken as they are */
  constructor(private readonly store: Pick<PayloadStore, 'claim'> | undefined) {}

  /** Whether there is anything to claim: hardly any request has it. */
  isIn({ reports }: ReportRequest): boolean {
    return this.store !== undefined && reports.some(({ outputRef }) => outputRef !== undefined);
  }

  /** With a failure for each output that is not there, and without those of which that is not known: they are reported again. */
  async checked(request: ReportRequest): Promise<ReportRequest> {
    const checked: AttemptReport[] = [];
    for (let at = 0; at < request.reports.length; at += CLAIMS_AT_ONCE) {
      const some = request.reports.slice(at, at + CLAIMS_AT_ONCE);
      const known = await Promise.all(some.map((report) => this.claimed(report)));
      checked.push(...known.filter((report) => report !== undefined));
    }
    return { ...request, reports: checked };
  }

  private async claimed(report: AttemptReport): Promise<AttemptReport | undefined> {
    const { outputRef, ...rest } = report;
    if (outputRef === undefined || report.outcome === 'lost') return report;
    try {
      await this.store?.claim(outputRef);
      return report;
    } catch (cause) {
      const { code, message, retryable } = asMultiswarmError(cause);
      if (retryable) return undefined;
      // Another attempt stores its output anew.
      const error = { code, message: `the output: ${message}`, retryable: true };
      return { ...rest, outcome: 'failed', error };
    }
  }
}
