import { hash } from 'node:crypto';

/** Mailboxes of a domain are shared out over the replicas of its communicator in so many parts. */
export const MAILBOX_SHARDS = 16;
/** The JetStream domain where none is set. */
export const DEFAULT_DOMAIN = 'hub';

const KNOWN = 10_000;
const known = new Map<string, number>();

/** The same on every replica and in every version: the first four bytes of SHA-256, modulo the number of shards. */
export function mailboxShardOf(recipient: string): number {
  const before = known.get(recipient);
  if (before !== undefined) return before;
  const shard = Number.parseInt(hash('sha256', recipient).slice(0, 8), 16) % MAILBOX_SHARDS;
  if (known.size >= KNOWN) known.clear();
  known.set(recipient, shard);
  return shard;
}
