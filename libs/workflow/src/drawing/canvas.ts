import type { Ink, Line, Part } from './ink';

export type Weight = 1 | 2;

/** Box-drawing characters by their arms (up, right, down, left): none, light or heavy, as digits of a number to the base 3. */
const JUNCTIONS = ' ╴╸╷┐┑╻┒┓╶─╾┌┬┭┎┰┱╺╼━┍┮┯┏┲┳╵┘┙│┤┥╽┧┪└┴┵├┼┽┟╁╅┕┶┷┝┾┿┢╆╈╹┚┛╿┦┩┃┨┫┖┸┹┞╀╃┠╂╉┗┺┻┡╄╇┣╊╋';
const ROUNDED: Readonly<Record<string, string>> = { '┌': '╭', '┐': '╮', '└': '╰', '┘': '╯' };

/** Up, right, down, left. */
type Arms = [number, number, number, number];
const [UP, RIGHT, DOWN, LEFT] = [0, 1, 2, 3] as const;

interface Cell {
  text?: string;
  ink?: Ink | undefined;
  /** By the net that the lines belong to. */
  arms?: Map<number, Arms>;
}

/** Text and lines on a grid. Where lines of two nets cross, the upright one goes over the other: a junction is always meant. */
export class Canvas {
  private readonly rows: Cell[][] = [];

  get height(): number {
    return this.rows.length;
  }

  text(x: number, y: number, text: string, ink?: Ink): void {
    Array.from(text).forEach((char, at) => {
      const cell = this.cell(x + at, y);
      cell.text = char;
      cell.ink = ink;
    });
  }

  upright(x: number, from: number, to: number, net: number, weight: Weight): void {
    for (let y = from; y <= to; y += 1) {
      if (y > from) this.arm(x, y, net, UP, weight);
      if (y < to) this.arm(x, y, net, DOWN, weight);
    }
  }

  level(y: number, from: number, to: number, net: number, weight: Weight): void {
    for (let x = Math.min(from, to); x <= Math.max(from, to); x += 1) {
      if (x > Math.min(from, to)) this.arm(x, y, net, LEFT, weight);
      if (x < Math.max(from, to)) this.arm(x, y, net, RIGHT, weight);
    }
  }

  box(x: number, y: number, width: number, height: number, net: number, weight: Weight): void {
    this.level(y, x, x + width - 1, net, weight);
    this.level(y + height - 1, x, x + width - 1, net, weight);
    this.upright(x, y, y + height - 1, net, weight);
    this.upright(x + width - 1, y, y + height - 1, net, weight);
  }

  lines(): Line[] {
    return this.rows.map((row) => {
      const parts: Part[] = [];
      for (let x = 0; x < row.length; x += 1) {
        const { text, ink } = shown(row[x]);
        const last = parts[parts.length - 1];
        if (last && last.ink === ink) last.text += text;
        else parts.push({ text, ink });
      }
      return parts;
    });
  }

  private arm(x: number, y: number, net: number, side: 0 | 1 | 2 | 3, weight: Weight): void {
    const cell = this.cell(x, y);
    cell.arms ??= new Map<number, Arms>();
    const arms = cell.arms.get(net) ?? [0, 0, 0, 0];
    arms[side] = Math.max(arms[side], weight);
    cell.arms.set(net, arms);
  }

  private cell(x: number, y: number): Cell {
    while (this.rows.length <= y) this.rows.push([]);
    const row = this.rows[y] as Cell[]; // just made
    row[x] ??= {};
    return row[x];
  }
}

function shown(cell: Cell | undefined): Part {
  if (cell?.text !== undefined) return { text: cell.text, ink: cell.ink };
  if (!cell?.arms) return { text: ' ' };
  const arms = armsOf([...cell.arms.values()]);
  const char = JUNCTIONS[arms.reduce((sum, weight) => sum * 3 + weight, 0)] ?? ' ';
  return { text: ROUNDED[char] ?? char, ink: arms.includes(2) ? 'critical' : 'faint' };
}

function armsOf(nets: readonly Arms[]): Arms {
  const over = nets.find(
    (arms) => isUpright(arms) && nets.length > 1 && nets.every((other) => other === arms || isLevel(other)),
  );
  if (over) return over;
  const all: Arms = [0, 0, 0, 0];
  for (const arms of nets)
    arms.forEach((weight, side) => (all[side as 0] = Math.max(all[side as 0], weight)));
  return all;
}

function isUpright(arms: Arms): boolean {
  return arms[UP] > 0 && arms[DOWN] > 0 && arms[LEFT] === 0 && arms[RIGHT] === 0;
}

function isLevel(arms: Arms): boolean {
  return arms[LEFT] > 0 && arms[RIGHT] > 0 && arms[UP] === 0 && arms[DOWN] === 0;
}
