import { isTerminal } from '@multiswarm/contracts';
import { stateOfNode } from './fold';
import { clip, type Ink, type Line, type Part } from './ink';
import { noteOf, titleOf } from './node-text';
import type { DrawingNode, DrawingStep } from './step';

export interface GanttOptions {
  /** Characters per line. */
  width: number;
  now: number;
  /** When the run began, and when it has ended or is expected to. */
  from: number;
  to: number;
  /** How a time since the beginning is written. */
  formatMs: (ms: number) => string;
}

const WAITING = '┈';
const RAN = '█';
const EXPECTED = '░';
const NOW = '│';
const HEIGHTS = '▁▂▃▄▅▆▇█';
const LEAST_BAR = 20;
const LONGEST_NOTE = 22;
const TICK_EVERY = 16;

/**
 * A bar for each node, over time: what it waited for its start, ran, and is expected to run; of many steps as one, how many of
 * them ran at the time. In the order of their starts, below an axis with the time since the beginning.
 */
export function drawGantt(nodes: readonly DrawingNode[], options: GanttOptions): Line[] {
  const names = Math.min(
    Math.max(8, ...nodes.map((node) => titleOf(node).text.length)),
    Math.floor(options.width / 3),
  );
  const room = Math.max(0, Math.min(LONGEST_NOTE, options.width - names - LEAST_BAR - 6));
  const notes = Math.min(Math.max(0, ...nodes.map((node) => noteOf(node).length)), room);
  const chart = new Chart(nodes, options, Math.max(LEAST_BAR, options.width - names - notes - 6));
  const rows = [...nodes].sort((a, b) => chart.startOf(a) - chart.startOf(b));
  return [
    [{ text: ' '.repeat(names + 3) }, { text: chart.axis(), ink: 'faint' }],
    ...rows.map((node) => {
      const { text, ink = 'strong' } = titleOf(node, names);
      const mark: Part = node.critical ? { text: '◆ ', ink: 'critical' } : { text: '  ' };
      const note = clip(noteOf(node), notes);
      return [
        mark,
        { text: text.padEnd(names + 1), ink },
        ...chart.bar(node),
        { text: `  ${note}`, ink: 'faint' },
      ] as const;
    }),
  ];
}

interface Cell {
  char: string;
  ink: Ink | undefined;
}

class Chart {
  private readonly span: number;
  private readonly nowColumn: number | undefined;
  private readonly endOf: ReadonlyMap<string, number>;

  constructor(
    nodes: readonly DrawingNode[],
    private readonly options: GanttOptions,
    private readonly columns: number,
  ) {
    this.span = Math.max(1, options.to - options.from);
    this.nowColumn = options.now < options.to ? this.column(options.now) : undefined;
    this.endOf = new Map(
      nodes.map((node) => [
        node.id,
        Math.max(...node.steps.map(({ endedAt, expectedEndAt }) => endedAt ?? expectedEndAt ?? Infinity)),
      ]),
    );
  }

  startOf({ steps }: DrawingNode): number {
    return Math.min(
      ...steps.map(
        ({ startedAt, expectedStartAt, endedAt }) => startedAt ?? endedAt ?? expectedStartAt ?? Infinity,
      ),
    );
  }

  /** `0 s            10 s            20 s` */
  axis(): string {
    let text = '';
    const ticks = Math.max(1, Math.floor(this.columns / TICK_EVERY));
    const step = niceStep(this.span / ticks);
    for (let at = 0; at <= this.span; at += step) {
      const column = this.column(this.options.from + at);
      const label = this.options.formatMs(at);
      if (column + label.length <= this.columns) text = `${text.padEnd(column)}${label} `;
    }
    return text.trimEnd();
  }

  bar(node: DrawingNode): Part[] {
    const cells = Array.from({ length: this.columns }, (_, column): Cell => {
      return { char: column === this.nowColumn ? NOW : ' ', ink: 'faint' };
    });
    const ready = Math.max(this.options.from, ...node.dependsOn.map((id) => this.endOf.get(id) ?? -Infinity));
    const start = this.startOf(node);
    const until = start === Infinity ? this.options.now : Math.min(start, this.options.to);
    const isOff = node.steps.every(({ state }) => state === 'skipped');
    if (ready < until && !isOff) this.fill(cells, ready, until, WAITING, 'faint');
    if (node.steps.length > 1) this.crowd(cells, node);
    else for (const step of node.steps) this.single(cells, step);
    return joined(cells);
  }

  private single(cells: Cell[], step: DrawingStep): void {
    const { startedAt, endedAt, expectedStartAt, expectedEndAt, state } = step;
    const { now } = this.options;
    if (startedAt !== undefined) this.fill(cells, startedAt, endedAt ?? now, RAN, state);
    if (expectedEndAt === undefined || (state !== undefined && isTerminal(state))) return;
    const from = startedAt === undefined ? (expectedStartAt ?? expectedEndAt) : now;
    if (expectedEndAt > from || startedAt === undefined)
      this.fill(cells, from, expectedEndAt, EXPECTED, state);
  }

  /** How high: the share of those that ran at once when the most did. */
  private crowd(cells: Cell[], node: DrawingNode): void {
    const ran = this.levels(node.steps, ({ startedAt, endedAt }) =>
      startedAt === undefined ? undefined : [startedAt, endedAt ?? this.options.now],
    );
    const expected = this.levels(node.steps, ({ startedAt, endedAt, expectedStartAt, expectedEndAt }) => {
      if (endedAt !== undefined || expectedEndAt === undefined) return undefined;
      return [startedAt === undefined ? (expectedStartAt ?? expectedEndAt) : this.options.now, expectedEndAt];
    });
    const most = Math.max(1, ...ran);
    const state = stateOfNode(node);
    cells.forEach((cell, column) => {
      const count = ran[column] ?? 0;
      if (count > 0)
        Object.assign(cell, { char: HEIGHTS[Math.ceil((count / most) * HEIGHTS.length) - 1], ink: state });
      else if ((expected[column] ?? 0) > 0) Object.assign(cell, { char: EXPECTED, ink: state });
    });
  }

  /** How many ranges touch each column: O(steps + columns). */
  private levels(
    steps: readonly DrawingStep[],
    rangeOf: (step: DrawingStep) => [number, number] | undefined,
  ): number[] {
    const changes = new Array<number>(this.columns + 1).fill(0);
    for (const step of steps) {
      const range = rangeOf(step);
      if (!range) continue;
      const [first, last] = this.touched(...range);
      changes[first] = (changes[first] ?? 0) + 1;
      changes[last + 1] = (changes[last + 1] ?? 0) - 1;
    }
    let level = 0;
    return changes.slice(0, this.columns).map((change) => (level += change));
  }

  private fill(cells: Cell[], from: number, to: number, char: string, ink: Ink | undefined): void {
    const [first, last] = this.touched(from, to);
    for (let column = first; column <= last; column += 1) cells[column] = { char, ink };
  }

  /** At least one column, however short. */
  private touched(from: number, to: number): [number, number] {
    const first = this.column(from);
    return [first, Math.max(first, this.column(to - this.span / this.columns / 2))];
  }

  private column(time: number): number {
    const at = Math.floor(((time - this.options.from) / this.span) * this.columns);
    return Math.min(this.columns - 1, Math.max(0, at));
  }
}

function joined(cells: readonly Cell[]): Part[] {
  const parts: Part[] = [];
  for (const { char, ink } of cells) {
    const last = parts[parts.length - 1];
    if (last && last.ink === ink) last.text += char;
    else parts.push({ text: char, ink });
  }
  return parts;
}

const MINUTE = 60_000;
const LONG_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * MINUTE);

/** The next larger of 1, 2, 5, 10, 20, … ms up to 30 s, then whole minutes and hours, then days. */
function niceStep(ms: number): number {
  if (ms > 30_000) {
    const day = 1_440 * MINUTE;
    return LONG_STEPS.find((step) => step >= ms) ?? Math.ceil(ms / day) * day;
  }
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ms)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= ms) ?? 10);
}
