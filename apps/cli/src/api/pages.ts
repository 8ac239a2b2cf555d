import type { HttpApi, Query } from './http-api';

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** The pages of a list, one after the other, as far as the cursor leads. */
export async function* followPages<T>(api: HttpApi, path: string, query: Query): AsyncGenerator<Page<T>> {
  let cursor: string | undefined;
  do {
    const page = await api.get<Page<T>>(path, { query: { ...query, cursor } });
    yield page;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}
