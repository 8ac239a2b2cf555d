import { LIMITS, type DeadMail, type DeadMessageCounts } from '@multiswarm/contracts';

/** Counts by cause and by recipient. */
export class DeadMessageTally {
  private readonly causes = new Map<string, number>();
  private readonly recipients = new Map<string, number>();
  private total = 0;

  add({ cause, to }: DeadMail): void {
    this.total += 1;
    this.causes.set(cause, (this.causes.get(cause) ?? 0) + 1);
    this.recipients.set(to, (this.recipients.get(to) ?? 0) + 1);
  }

  /** @param complete false where there are more, which are not counted */
  counts(complete: boolean): DeadMessageCounts {
    const { total } = this;
    return { total, complete, byCause: mostFirst(this.causes), byRecipient: mostFirst(this.recipients) };
  }
}

function mostFirst(counts: ReadonlyMap<string, number>): { name: string; count: number }[] {
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, LIMITS.DEAD_LETTER_GROUPS)
    .map(([name, count]) => ({ name, count }));
}
