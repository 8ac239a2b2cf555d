import { MultiswarmError } from '@multiswarm/contracts';
import type { TruthReader } from '../ports';

/** A place in a list, newest first: creation time and, within one millisecond, id. */
export interface Position {
  at: number;
  id: string;
}

/** What a list is ordered by, where that is not the time of creation: its cursors are no other list's. */
export type OtherOrder = 'updated';

export function encodeCursor(position: Position, order?: OtherOrder): string {
  return Buffer.from(`${order ?? ''}${position.at}:${position.id}`).toString('base64url');
}

/** @param pointer where the request has it */
export function decodeCursor(
  cursor: string | undefined,
  pointer = '/query/cursor',
  order?: OtherOrder,
): Position | undefined {
  if (cursor === undefined) return undefined;
  const match = /^([a-z]*)(\d+):([a-z0-9-]+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (match?.[2] === undefined || match[3] === undefined || match[1] !== (order ?? '')) {
    const message = 'not a cursor of this list: take "next" of the page before as it is';
    throw new MultiswarmError('invalid-request', `${pointer}: ${message}`, {
      findings: [{ pointer, code: 'cursor', message }],
    });
  }
  return { at: Number(match[2]), id: match[3] };
}

/** Merges the newest-first indexes of all shards, reading each a page at a time. */
export async function* newestFirst(
  kind: 'tasks' | 'workflows',
  truth: TruthReader,
  shards: number,
  before: Position | undefined,
  pageSize: number,
): AsyncGenerator<Position> {
  yield* merged((shard, after) => truth.recent(kind, shard, after, pageSize), shards, before, pageSize);
}

/** The same of any index. @param read a page of one shard: what is older than a place, newest first */
export async function* merged<P extends Position>(
  read: (shard: number, before: Position | undefined) => Promise<P[]>,
  shards: number,
  before: Position | undefined,
  pageSize: number,
): AsyncGenerator<P> {
  const heads = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => ({ shard, page: await read(shard, before), at: 0 })),
  );
  for (;;) {
    let best: (typeof heads)[number] | undefined;
    for (const head of heads) {
      const position = head.page[head.at];
      const bestPosition = best?.page[best.at];
      if (position && (!bestPosition || isNewer(position, bestPosition))) best = head;
    }
    const position = best?.page[best.at];
    if (!best || !position) return;
    yield position;
    best.at += 1;
    if (best.at === best.page.length && best.page.length === pageSize) {
      best.page = await read(best.shard, position);
      best.at = 0;
    }
  }
}

function isNewer(a: Position, b: Position): boolean {
  return a.at !== b.at ? a.at > b.at : a.id > b.id;
}
