import { INVARIANTS, type Invariant } from '../invariants/invariants';
import { storiesOf } from './print';
import type { Report } from './report';
import { faultTable, kindTable, remarksOf, shardTable, summaryOf, type Table } from './sections';

const MOST_STORIES = 10;

/** To keep and to pass on. */
export function markdownReport(report: Report): string {
  const all = Object.keys(INVARIANTS) as Invariant[]; // its keys are the invariants
  const brokenCount = (invariant: Invariant): number =>
    report.broken.filter((each) => each.invariant === invariant).length;
  const verdict = report.holds ? 'All invariants held.' : '**Not everything held.**';
  return [
    '# Chaos report',
    verdict,
    list(summaryOf(report).map(([name, text]) => `${name}: ${text}`)),
    '## What has to hold',
    list(
      all.map((invariant) => {
        const count = brokenCount(invariant);
        return `${count === 0 ? 'held' : `**broken ${count} times**`}: ${INVARIANTS[invariant]}`;
      }),
    ),
    ...(report.holds
      ? []
      : [`\`\`\`\n${storiesOf(report.broken.slice(0, MOST_STORIES)).join('\n')}\n\`\`\``]),
    ...(report.directory === undefined ? [] : [`Logs and records: \`${report.directory}\``]),
    '## For how long shards did not answer',
    table(kindTable(report)),
    'By shard:',
    table(shardTable(report)),
    '## What was done',
    table(faultTable(report)),
    ...(remarksOf(report).length === 0 ? [] : [list(remarksOf(report))]),
    '',
  ].join('\n\n');
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function table([head = [], ...rows]: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
