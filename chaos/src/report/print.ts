import { INVARIANTS, type Invariant } from '../invariants/invariants';
import type { Report } from './report';
import { faultTable, kindTable, remarksOf, shardTable, summaryOf, type Table } from './sections';

/** Stories of each invariant that people get to read; the JSON has more. */
const MOST_SHOWN = 3;
const LABEL = 12;

/** For a terminal. */
export function printReport(report: Report): string {
  const blocks = [
    summaryOf(report).map(([name, text]) => `${name.padEnd(LABEL)}${text}`),
    columns(faultTable(report)),
    remarksOf(report),
    columns(kindTable(report)),
    columns(shardTable(report)),
    verdicts(report),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function columns(rows: Table): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
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
  const more = cases.length - MOST_SHOWN;
  return [
    `BROKEN  ${INVARIANTS[invariant]}: ${cases.length} times`,
    ...storiesOf(cases.slice(0, MOST_SHOWN)).map((line) => `        ${line}`),
    ...(more > 0 ? [`        and ${more} more`] : []),
  ];
}

/** What breaks an invariant, and the history of the task that shows it, from all sides. */
export function storiesOf(cases: Report['broken']): string[] {
  return cases.flatMap(({ taskId, detail, story }) => [
    `${taskId === undefined ? '' : `${taskId}: `}${detail}`,
    ...story.map((line) => `  ${line}`),
  ]);
}
