import {
  asMultiswarmError,
  MultiswarmError,
  type AttemptReport,
  type PayloadRef,
  type ReportRequest,
} from '@multiswarm/contracts';
import { within, type Clock } from '@multiswarm/core';
import type { PayloadStore } from '../payload-ports';

/** Outputs that are looked up at once. */
const CLAIMS_AT_ONCE = 32;
/** So long the reports of one message wait for their claims: a store that answers does so in a fraction of it. */
const CLAIMS_WAIT_MS = 500;
/** The answer to a claim that came too late is kept so long for the repetition of its report. */
const LATE_KEPT_MS = 30_000;

/**
 * Outputs that go by reference are claimed before they are recorded, so that no record refers to what is not there: nobody could read
 * that, and a step behind it would fail again and again.
 *
 * U1. Reports without a reference wait for none of it, and those with one wait a short time: what is not known by then is left out, and
 *     so is reported again.
 * U2. A store that is always slower than that is no hindrance: the repetition finds the claim that the report before it has begun.
 * U3. Where the store is too full to note a claim, what is there is taken as it is.
 */
export class OutputReferences {
  private readonly late = new Map<string, Promise<void>>();

  constructor(
    private readonly store: Pick<PayloadStore, 'claim' | 'find'>,
    private readonly clock: Clock,
  ) {}

  /** Whether there is anything to claim: hardly any request has it. */
  isIn({ reports }: ReportRequest): boolean {
    return reports.some(refers);
  }

  /** The request without the reports that refer to outputs, and these. */
  parted(request: ReportRequest): { plain: ReportRequest; referring: AttemptReport[] } {
    const plain = request.reports.filter((report) => !refers(report));
    return { plain: { ...request, reports: plain }, referring: request.reports.filter(refers) };
  }

  /** With a failure for each output that is not there, and without those of which that is not known. */
  async checked(reports: readonly AttemptReport[]): Promise<AttemptReport[]> {
    const until = this.clock.monotonic() + CLAIMS_WAIT_MS;
    const checked: AttemptReport[] = [];
    for (let at = 0; at < reports.length && this.clock.monotonic() < until; at += CLAIMS_AT_ONCE) {
      const some = reports.slice(at, at + CLAIMS_AT_ONCE);
      const known = await Promise.all(some.map((report) => this.claimed(report, until)));
      checked.push(...known.filter((report) => report !== undefined));
    }
    return checked;
  }

  private async claimed(report: AttemptReport, until: number): Promise<AttemptReport | undefined> {
    const { outputRef, ...rest } = report;
    if (outputRef === undefined) return report;
    try {
      await this.inTime(outputRef, until);
      return report;
    } catch (cause) {
      const { code, message, retryable } = asMultiswarmError(cause);
      if (retryable) return undefined;
      // Another attempt stores its output anew.
      const error = { code, message: `the output: ${message}`, retryable: true };
      return { ...rest, outcome: 'failed', error };
    }
  }

  /** U1, U2. */
  private inTime(ref: PayloadRef, until: number): Promise<void> {
    const key = `${ref.id} ${ref.bytes}`;
    const claim = this.late.get(key) ?? this.claim(ref);
    this.late.delete(key);
    return within(this.clock, until - this.clock.monotonic(), claim, () => {
      this.keepLate(key, claim);
      throw new MultiswarmError('payload-store-unavailable', 'the output is still being looked up');
    });
  }

  private keepLate(key: string, claim: Promise<void>): void {
    this.late.set(key, claim);
    const forget = (): void => {
      if (this.late.get(key) === claim) this.late.delete(key);
    };
    const settled = (): void => void this.clock.after(LATE_KEPT_MS, forget);
    claim.then(settled, settled);
  }

  /** U3. */
  private async claim(ref: PayloadRef): Promise<void> {
    try {
      await this.store.claim(ref);
    } catch (error) {
      if (!(error instanceof MultiswarmError) || error.code !== 'payload-store-full') throw error;
      const { bytes } = await this.store.find(ref.id);
      if (bytes === ref.bytes) return;
      const detail = `the payload "${ref.id}" has ${bytes} bytes, not ${ref.bytes}`;
      throw new MultiswarmError('payload-not-found', detail);
    }
  }
}

function refers({ outputRef, outcome }: AttemptReport): boolean {
  return outputRef !== undefined && outcome !== 'lost';
}
