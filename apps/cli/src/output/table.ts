import type CliTable3 from 'cli-table3';

export interface Column<T> {
  header: string;
  value: (row: T) => string;
  align?: 'left' | 'right';
  /** Only with `-o wide`. */
  wide?: boolean;
}

/** Columns aligned by spaces, without lines, like the tools that people pipe into awk; colours do not disturb the widths. */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], wide = false): string {
  const shown = columns.filter((column) => wide || column.wide !== true);
  return alignRows(
    [shown.map(({ header }) => header), ...rows.map((row) => shown.map(({ value }) => value(row)))],
    {
      right: shown.flatMap(({ align }, index) => (align === 'right' ? [index] : [])),
    },
  );
}

/** Rows of cells as aligned lines, each ended by a newline; the last column is not padded. */
export function alignRows(
  rows: readonly string[][],
  options: { right?: readonly number[]; indent?: string } = {},
): string {
  const first = rows[0];
  if (!first) return '';
  // Loaded on use: most invocations print no table.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const Table = require('cli-table3') as typeof CliTable3;
  const table = new Table({
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [], compact: true },
    colAligns: first.map((_cell, index) => (options.right?.includes(index) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => [...row]));
  const lines = table.toString().split('\n');
  return lines.map((line) => `${options.indent ?? ''}${line.trimEnd()}\n`).join('');
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
