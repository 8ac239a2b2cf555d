import type { Client } from '@multiswarm/sdk';

/** What a deep check of every shard finds, each in words. Nothing is repaired: it is evidence. */
export async function differencesIn(client: Client): Promise<string[]> {
  const { items } = await client.shards.list();
  const told: string[] = [];
  for (const { shard } of items) {
    const { state, why, findings, skipped } = await client.shards.check(shard);
    if (state !== 'done') told.push(`shard ${shard} was not checked: ${why ?? state}`);
    told.push(...skipped.map((what) => `shard ${shard} was not checked for ${what}`));
    for (const { kind, where, of, expected, found } of findings)
      told.push(`${kind} in shard ${shard}, ${where}: ${of} should be ${expected}, is ${found}`);
  }
  return told;
}
