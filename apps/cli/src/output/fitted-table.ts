import { stripVTControlCharacters } from 'node:util';
import { cut } from './live-region';
import { wrapText } from './wrap';

export interface FittedColumn<T> {
  header: string;
  value: (row: T) => string;
  align?: 'right';
  /** Characters, at most; longer cells are cut. */
  most?: number;
}

const GAP = '  ';
/** The last column has less room than that: what it says stands below its row. */
const LEAST_LAST = 30;
const INDENT = '      ';

/**
 * A table that is no wider than the window: the last column takes what is left, and goes on in further lines; where too little
 * is left, what it says stands below its row. Without a width nothing is cut.
 *
 * @returns the lines of the header, and those of each row
 */
export function fittedTable<T>(
  columns: readonly FittedColumn<T>[],
  rows: readonly T[],
  width: number | undefined,
): string[][] {
  const last = columns.at(-1);
  if (!last) return [];
  const first = columns.slice(0, -1);
  const cells = rows.map((row) => first.map(({ value, most }) => fitted(value(row), width && most)));
  const widths = first.map(({ header }, at) =>
    Math.max(header.length, ...cells.map((row) => visible(row[at] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => padded(cell, widths[at] ?? 0, first[at]?.align)).join(GAP);
  const taken = widths.reduce((sum, one) => sum + one + GAP.length, 0);
  const room = width === undefined ? Infinity : width - taken;
  const isBelow = room < LEAST_LAST;
  const head = line(first.map(({ header }) => header));
  return [
    [(isBelow ? head : `${head}${GAP}${last.header}`).trimEnd()],
    ...rows.map((row, index) => {
      const said = last.value(row);
      const own = line(cells[index] ?? []);
      if (said === '') return [own.trimEnd()];
      if (isBelow)
        return [own.trimEnd(), ...wrapped(said, (width ?? 0) - INDENT.length).map((part) => INDENT + part)];
      const [begin = '', ...rest] = wrapped(said, room);
      return [`${own}${GAP}${begin}`, ...rest.map((part) => ' '.repeat(taken) + part)];
    }),
  ];
}

/** Lines that a note may have: the whole of it is in the record. */
const MOST_LINES = 3;

function wrapped(text: string, room: number): string[] {
  if (room === Infinity) return [text];
  const lines = wrapText(text, room).flatMap((line) => pieces(line, room));
  return lines.length <= MOST_LINES
    ? lines
    : [...lines.slice(0, MOST_LINES - 1), cut(`${lines[MOST_LINES - 1] ?? ''} …`, room)];
}

/** A word that is longer than a line goes on in the next one. */
function pieces(line: string, room: number): string[] {
  const count = Math.max(1, Math.ceil(line.length / room));
  return Array.from({ length: count }, (_, at) => line.slice(at * room, (at + 1) * room));
}

function fitted(text: string, most: number | undefined): string {
  return most === undefined ? text : cut(text, most);
}

function visible(text: string): number {
  return stripVTControlCharacters(text).length;
}

function padded(text: string, width: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, width - visible(text)));
  return align === 'right' ? space + text : text + space;
}
