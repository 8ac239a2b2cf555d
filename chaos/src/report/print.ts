import { INVARIANTS, type Invariant } from '../invariants/invariants';
import type { FaultReport, Report } from './report';

/** Stories of each invariant that people get to read; the JSON has more. */
const MOST_SHOWN = 3;

/** For people. */
export function printReport(report: Report): string {
  return [...summary(report), '', ...faults(report), '', ...verdicts(report), ''].join('\n');
}

function summary({ seed, seconds, tasks, ended, attempts }: Report): string[] {
  const states = Object.entries(ended).map(([state, count]) => `${count} ${state}`);
  return [
    `seed ${seed}, ${seconds} s`,
    `tasks       ${tasks.submitted} submitted, ${tasks.acknowledged} acknowledged, ${tasks.givenUp} given up by their client`,
    `ended       ${states.join(', ')} (with those that take every slot at the end)`,
    `attempts    ${attempts.all}: ${attempts.lost} lost, ${attempts.refused} refused`,
    `executions  ${attempts.executions}: ${attempts.superseded} of them not the last of their task`,
  ];
}

function faults({ faults: done, unaskedEnds }: Report): string[] {
  const rows = [['AT', 'FAULT', 'OF', 'LASTED', 'READY AFTER', 'NOTHING ACKNOWLEDGED', 'NO TASK ENDED']];
  for (const fault of done) rows.push(faultRow(fault));
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const ends = unaskedEnds.map(
    ({ name, atMs, how }) => `${name} ended by itself at ${inSeconds(atMs)}: ${how}`,
  );
  return [
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    ...(ends.length > 0 ? ['', ...ends] : []),
  ];
}

function faultRow({
  atMs,
  kind,
  target,
  forMs,
  tookMs,
  noAcknowledgementMs,
  noEndMs,
}: FaultReport): string[] {
  return [inSeconds(atMs), kind, target, ...[forMs, tookMs, noAcknowledgementMs, noEndMs].map(inSeconds)];
}

function verdicts({ broken, directory }: Report): string[] {
  // The keys of INVARIANTS are the invariants.
  const all = Object.keys(INVARIANTS) as Invariant[];
  return [
    ...all.flatMap((invariant) => verdict(invariant, broken)),
    ...(directory === undefined ? [] : ['', `logs and records: ${directory}`]),
  ];
}

function verdict(invariant: Invariant, broken: Report['broken']): string[] {
  const cases = broken.filter((each) => each.invariant === invariant);
  if (cases.length === 0) return [`held    ${INVARIANTS[invariant]}`];
  const shown = cases
    .slice(0, MOST_SHOWN)
    .flatMap(({ taskId, detail, story }) => [
      `        ${taskId === undefined ? '' : `${taskId}: `}${detail}`,
      ...story.map((line) => `          ${line}`),
    ]);
  const more = cases.length - MOST_SHOWN;
  return [
    `BROKEN  ${INVARIANTS[invariant]}: ${cases.length} times`,
    ...shown,
    ...(more > 0 ? [`        and ${more} more`] : []),
  ];
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
