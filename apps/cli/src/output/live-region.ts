import { stripVTControlCharacters } from 'node:util';
import type { Sink } from '../io';

const ESC = '\u001b[';
/** A colour sequence; kept as a part of its own when a line is split by it. */
const COLOR = new RegExp(`(${ESC.replace('[', '\\[')}[0-9;]*m)`);

/**
 * A block of lines that is redrawn in place on a terminal. On anything else nothing can be redrawn,
 * so there only what is new is written, by `note`.
 */
export class LiveRegion {
  private drawn = 0;

  constructor(private readonly sink: Sink) {}

  get redraws(): boolean {
    return this.sink.isTty;
  }

  /** Replaces the block. Lines are cut at the width of the window: a wrapped line could not be counted. */
  draw(lines: readonly string[]): void {
    if (!this.redraws) return;
    const fitting = lines
      .slice(0, Math.max(1, this.sink.rows - 1))
      .map((line) => cut(line, this.sink.columns - 1));
    this.sink.write(this.up() + fitting.map((line) => `${line}${ESC}K\n`).join('') + `${ESC}J`);
    this.drawn = fitting.length;
  }

  /** Writes a lasting line above the block; the block is gone until it is drawn again. */
  note(line: string): void {
    this.clear();
    this.sink.write(`${line}\n`);
  }

  clear(): void {
    if (this.drawn > 0) this.sink.write(`${this.up()}${ESC}J`);
    this.drawn = 0;
  }

  private up(): string {
    return this.drawn > 0 ? `\r${ESC}${this.drawn}A` : '';
  }
}

/** Cuts a coloured line at a visible width and ends its colours. */
export function cut(line: string, width: number): string {
  if (stripVTControlCharacters(line).length <= width) return line;
  let visible = 0;
  let out = '';
  for (const part of line.split(COLOR)) {
    if (part.startsWith(ESC)) out += part;
    else {
      out += part.slice(0, Math.max(0, width - 1 - visible));
      visible += part.length;
    }
  }
  return `${out}…${out.includes(ESC) ? `${ESC}0m` : ''}`;
}
