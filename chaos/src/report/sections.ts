import type { ShardAvailability } from '../availability/availability';
import { quantile } from '../availability/outages';
import type { FaultReport, Report } from './report';

/** The first row names the columns. */
export type Table = readonly (readonly string[])[];

/** What a report says beside the invariants, for any form of it. */
export function summaryOf(report: Report): (readonly [name: string, text: string])[] {
  const { tasks, ended, workflows, attempts, availability } = report;
  const { calm, lateMs, everyMs } = availability;
  const told = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([state, count]) => `${count} ${state}`)
      .join(', ');
  return [
    ['run', `${report.scenario}, seed ${report.seed}, ${report.seconds} s`],
    [
      'tasks',
      `${tasks.submitted} submitted, ${tasks.acknowledged} acknowledged, ${tasks.givenUp} given up by their client`,
    ],
    ['ended', `${told(ended)} (with those that take every slot at the end)`],
    ['workflows', told(workflows)],
    ['attempts', `${attempts.all}: ${attempts.lost} lost, ${attempts.refused} refused`],
    ['executions', `${attempts.executions}: ${attempts.superseded} of them not the last of their task`],
    [
      'questions',
      `one to each shard every ${everyMs} ms, late after ${lateMs} ms; before the first fault ${calm.failed} of ${calm.probes} failed, p50 ${calm.p50Ms.toFixed(1)} ms, p99 ${calm.p99Ms.toFixed(1)} ms`,
    ],
  ];
}

export function faultTable({ faults }: Report): Table {
  const settles = faults.some(({ settledMs }) => settledMs !== undefined);
  const settled = ({ settledMs }: FaultReport): string[] =>
    settles ? [settledMs === undefined ? '' : inSeconds(settledMs)] : [];
  return [
    [
      ...['AT', 'FAULT', 'OF', 'LASTED', 'READY AFTER', ...(settles ? ['WHOLE AFTER'] : [])],
      ...['A SHARD UNAVAILABLE', 'NOTHING ACKNOWLEDGED', 'NO TASK ENDED'],
    ],
    ...faults.map((fault) => [
      ...[inSeconds(fault.atMs), fault.kind, fault.target, inSeconds(fault.forMs), inSeconds(fault.tookMs)],
      ...settled(fault),
      inMillis(fault.unavailableMs),
      ...[fault.noAcknowledgementMs, fault.noEndMs].map(inSeconds),
    ]),
  ];
}

/** For how long shards did not answer, by what was done to what. */
export function kindTable({ availability: { kinds } }: Report): Table {
  return [
    ['FAULT', 'OF', 'TIMES', 'SHARDS HIT', 'UNAVAILABLE p50', 'MAX'],
    ...kinds.map(({ kind, sort, times, hit, asked, p50Ms, maxMs }) => [
      ...[kind, sort, String(times), `${hit} of ${asked}`, inMillis(p50Ms), inMillis(maxMs)],
    ]),
  ];
}

/** The same by shard: p50 of the times in which it was hit, and the longest. */
export function shardTable({ availability: { lines } }: Report): Table {
  const kinds = [...new Set(lines.map(({ kind }) => kind))];
  const shards = [...new Set(lines.map(({ shard }) => shard))];
  return [
    ['SHARD', ...kinds.map((kind) => `${kind}: HIT, p50, MAX`)],
    ...shards.map((shard) => [
      String(shard),
      ...kinds.map((kind) => hitsOf(lines.filter((line) => line.shard === shard && line.kind === kind))),
    ]),
  ];
}

function hitsOf(lines: readonly ShardAvailability[]): string {
  const hits = lines.map(({ unavailableMs }) => unavailableMs).filter((ms) => ms > 0);
  if (hits.length === 0) return '-';
  return `${hits.length} of ${lines.length}, ${inMillis(quantile(hits, 0.5))}, ${inMillis(quantile(hits, 1))}`;
}

/** What is worth a line of its own. */
export function remarksOf({ unaskedEnds, faults }: Report): string[] {
  return [
    ...faults.flatMap(({ atMs, kind, target, said }) =>
      said === undefined ? [] : [`${kind} of ${target} at ${inSeconds(atMs)}, in its own words: ${said}`],
    ),
    ...unaskedEnds.map(({ name, atMs, how }) => `${name} ended by itself at ${inSeconds(atMs)}: ${how}`),
  ];
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function inMillis(ms: number): string {
  return ms === 0 ? '-' : `${Math.round(ms)} ms`;
}
