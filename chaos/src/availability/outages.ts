/** One question to one shard. Times are milliseconds of the same clock. */
export interface Probe {
  readonly at: number;
  readonly tookMs: number;
  /** Answered well, and in time. */
  readonly ok: boolean;
}

/** A shard did not answer from the first question that failed until the first good answer to a later one. */
export interface Outage {
  readonly from: number;
  readonly until: number;
}

/** @param probes of one shard, in any order. An outage without an end lasts to the end of the last question. */
export function outagesOf(probes: readonly Probe[]): Outage[] {
  const outages: Outage[] = [];
  let from: number | undefined;
  let last = 0;
  for (const { at, tookMs, ok } of [...probes].sort((a, b) => a.at - b.at)) {
    last = Math.max(last, at + tookMs);
    if (!ok) from ??= at;
    else if (from !== undefined) {
      outages.push({ from, until: at + tookMs });
      from = undefined;
    }
  }
  if (from !== undefined) outages.push({ from, until: last });
  return outages;
}

/** The value that this share of them does not exceed; 0 where there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
