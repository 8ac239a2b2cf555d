import type { PayloadIndex } from '../payload-ports';

/**
 * Which of these ids some task refers to, by the committed truth of all shards. Memory grows with what is asked for, not with what
 * is referred to.
 * @throws MultiswarmError where a single shard cannot be read: then nothing is known
 */
export async function referredTo(
  index: PayloadIndex,
  shards: number,
  asked: ReadonlySet<string>,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let shard = 0; shard < shards && found.size < asked.size; shard++)
    for await (const page of index.references(shard))
      for (const id of page.flatMap(({ payloads }) => payloads)) if (asked.has(id)) found.add(id);
  return found;
}
