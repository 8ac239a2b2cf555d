import type { MailReferences, PayloadIndex } from '../payload-ports';

/**
 * Which of these ids some task or message refers to, by the committed truth of all shards and what senders of messages have noted. Memory grows with what is asked for, not with what
 * is referred to.
 * @throws MultiswarmError where a single shard cannot be read: then nothing is known
 */
export async function referredTo(
  index: PayloadIndex,
  shards: number,
  asked: ReadonlySet<string>,
  ofMail: MailReferences,
): Promise<Set<string>> {
  const found = new Set(asked.size === 0 ? [] : await ofMail(asked));
  for (let shard = 0; shard < shards && found.size < asked.size; shard++)
    for await (const page of index.references(shard))
      for (const id of page.flatMap(({ payloads }) => payloads)) if (asked.has(id)) found.add(id);
  return found;
}
