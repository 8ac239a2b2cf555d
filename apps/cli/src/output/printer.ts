import type YamlModule from 'yaml';
import type { Io } from '../io';
import type { Format } from './format';
import { paint, type Paint } from './paint';
import { renderTable, type Column } from './table';

export interface ViewContext {
  color: Paint;
  /** Epoch milliseconds, for ages. */
  now: number;
  /** Characters per line of the window; none where there is no window. */
  width?: number | undefined;
  /** Asked for all there is. */
  wide?: boolean;
}

/** How one kind of thing is shown to people; programs get the thing itself. */
export interface View<T> {
  /** What `-o name` prints. */
  name(item: T): string;
  columns(context: ViewContext): Column<T>[];
  /** The text of one item; a row of the table where there is none. */
  detail?(item: T, context: ViewContext): string;
  /** What programs get, where that is not the thing itself. */
  data?(item: T): object;
  /** Said on stderr in place of an empty table. */
  none: string;
}

export class Printer {
  constructor(
    private readonly io: Io,
    private readonly format: Format,
  ) {}

  get context(): ViewContext {
    const { stdout, env, clock } = this.io;
    const width = stdout.isTty ? stdout.columns : undefined;
    return { color: paint(stdout, env), now: clock.now(), width, wide: this.format === 'wide' };
  }

  one<T>(view: View<T>, item: T): void {
    this.io.stdout.write(this.render(view, item));
  }

  render<T>(view: View<T>, item: T): string {
    if (this.format === 'name') return `${view.name(item)}\n`;
    if (!isText(this.format)) return serialize(this.format, view.data?.(item) ?? item);
    return view.detail
      ? view.detail(item, this.context)
      : renderTable(view.columns(this.context), [item], this.format === 'wide');
  }

  /** One page, or all pages put together: programs get `{ items, next }`, and what else the page says. */
  list<T>(view: View<T>, items: readonly T[], next: string | null = null, rest: object = {}): void {
    this.io.stdout.write(this.renderList(view, items, next, rest));
    if (items.length === 0 && isText(this.format)) this.io.stderr.write(`${view.none}\n`);
  }

  renderList<T>(view: View<T>, items: readonly T[], next: string | null = null, rest: object = {}): string {
    if (this.format === 'name') return items.map((item) => `${view.name(item)}\n`).join('');
    if (this.format === 'jsonl') return items.map((item) => `${JSON.stringify(item)}\n`).join('');
    if (!isText(this.format)) return serialize(this.format, { items, next, ...rest });
    if (items.length === 0) return '';
    return renderTable(view.columns(this.context), items, this.format === 'wide');
  }
}

export function isText(format: Format): format is 'table' | 'wide' {
  return format === 'table' || format === 'wide';
}

function serialize(format: Format, value: unknown): string {
  if (format === 'jsonl') return `${JSON.stringify(value)}\n`;
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  // Loaded on use: 30 ms that only this format pays.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const yaml = require('yaml') as typeof YamlModule;
  return yaml.stringify(value, { lineWidth: 0 });
}
