import type { Fault } from '../faults/plan';
import { PROMISES, type BrokenPromise } from './check';
import type { MailEvidence } from './evidence';
import { LANES, letterOf } from './letters';
import type { Sizes } from './sizes';

export interface MailReport {
  readonly seed: number;
  readonly faults: number;
  /** Messages that senders were told to be accepted, and the bytes of their texts. */
  readonly accepted: number;
  readonly bytes: number;
  /** Handled once more than needed, at least once. */
  readonly repeated: number;
  readonly deadByCause: Readonly<Record<string, number>>;
  /** How often a communicator was killed while it sent dead letters again. */
  readonly redriveKills: number;
  /** Between the acceptance of a message and its first end, of those that nothing holds up by itself, milliseconds. */
  readonly waitedMs: { readonly median: number; readonly p99: number; readonly longest: number };
  readonly broken: readonly BrokenPromise[];
  /** Where logs and records are, where they are kept. */
  readonly directory?: string;
}

export interface MailFindings {
  seed: number;
  sizes: Sizes;
  faults: readonly Fault[];
  before: MailEvidence;
  after: MailEvidence;
  kills: number;
  broken: readonly BrokenPromise[];
}

export function mailReport({ seed, sizes, faults, before, kills, broken }: MailFindings): MailReport {
  const accepted = before.lines.filter(({ kind }) => kind === 'accepted');
  const lanes = new Map(LANES.map((lane) => [lane.name, lane]));
  const acceptedAt = new Map(accepted.map(({ lane, n, at }) => [`${lane} ${n}`, at]));
  const done = before.lines.filter(({ kind }) => kind === 'done');
  const doneAt = new Map<string, number>();
  let bytes = 0;
  for (const { lane: name, n } of accepted) {
    const lane = lanes.get(name);
    if (lane !== undefined) bytes += letterOf(seed, lane, n, sizes).bytes;
  }
  for (const { lane, n, at } of done) if (!doneAt.has(`${lane} ${n}`)) doneAt.set(`${lane} ${n}`, at);
  const waits = [...doneAt]
    .map(([key, at]) => (at - (acceptedAt.get(key) ?? at)) / 1_000)
    .sort((a, b) => a - b);
  const at = (share: number): number => Math.round(waits[Math.floor(share * (waits.length - 1))] ?? 0);
  const deadByCause: Record<string, number> = {};
  for (const { cause } of before.dead) deadByCause[cause] = (deadByCause[cause] ?? 0) + 1;
  return {
    ...{ seed, faults: faults.length, accepted: accepted.length, bytes, deadByCause, broken },
    repeated: done.length - doneAt.size,
    redriveKills: kills,
    waitedMs: { median: at(0.5), p99: at(0.99), longest: at(1) },
  };
}

const SHOWN = 20;

/** For a terminal. */
export function printMailReport(report: MailReport): string {
  const { accepted, bytes, faults, repeated, deadByCause, redriveKills, waitedMs, broken } = report;
  const dead = Object.entries(deadByCause).map(([cause, count]) => `${count} ${cause}`);
  const lines = [
    `seed ${report.seed}: ${accepted} messages accepted (${(bytes / 2 ** 20).toFixed(1)} MiB), ${faults} faults`,
    `handled again: ${repeated}; dead letters: ${dead.join(', ') || 'none'}, sent again under ${redriveKills} kills`,
    `from acceptance to the first end: ${waitedMs.median} ms (median), ${waitedMs.p99} ms (p99), ${waitedMs.longest} ms (longest)`,
    ...Object.entries(PROMISES).map(([name, text]) => {
      const faultsOf = broken.filter(({ promise }) => promise === name);
      return `${faultsOf.length === 0 ? 'holds ' : 'BROKEN'}  ${text}${faultsOf.length === 0 ? '' : ` (${faultsOf.length} times)`}`;
    }),
    ...broken.slice(0, SHOWN).map(({ promise, detail }) => `  ${promise}: ${detail}`),
  ];
  return `${lines.join('\n')}\n`;
}
