import { followPages, type Page } from '../api/pages';
import type { HttpApi, Query } from '../api/http-api';
import type { GlobalOptions } from '../command';
import type { Io } from '../io';
import { Printer, type View } from './printer';

const LARGEST_PAGE = 500;

export interface PageOptions {
  limit?: number;
  all?: boolean;
  cursor?: string;
}

/** Prints one page and says how to see the next; with `all`, every page, those of line formats as they arrive. */
export async function printPages<T>(
  view: View<T>,
  request: {
    api: HttpApi;
    path: string;
    query: Query;
    page: PageOptions;
    /** What the first page says beside its items. */
    onFirst?: (beside: object) => void;
  },
  global: GlobalOptions,
  io: Io,
): Promise<void> {
  const printer = new Printer(io, global.format);
  const { api, path, page: wanted } = request;
  if (wanted.all !== true) {
    const query = { ...request.query, limit: wanted.limit, cursor: wanted.cursor };
    const page = await api.get<Page<T>>(path, { query });
    printer.list(view, page.items, page.next, besideItems(page));
    request.onFirst?.(besideItems(page));
    if (page.next !== null)
      io.stderr.write(`there are more: --all lists all, --cursor ${page.next} the next page\n`);
    return;
  }
  const streaming = global.format === 'jsonl' || global.format === 'name';
  const gathered: T[] = [];
  let first: Page<T> | undefined;
  for await (const page of followPages<T>(api, path, { ...request.query, limit: LARGEST_PAGE })) {
    first ??= page;
    const { items } = page;
    if (streaming) io.stdout.write(printer.renderList(view, items));
    // One by one: a spread of a long list would overflow the stack.
    else for (const item of items) gathered.push(item);
  }
  if (!streaming) printer.list(view, gathered, null, first && besideItems(first));
  if (first) request.onFirst?.(besideItems(first));
}

function besideItems({ items: _items, next: _next, ...rest }: Page<unknown>): object {
  return rest;
}
