import type { Bus, Listening } from '@multiswarm/bus';
import { LIMITS, subjects, TaskFilter, TaskGrouping, TaskId, TaskOrder } from '@multiswarm/contracts';
import { z } from 'zod';
import type { ShardOwner } from '../../application/shard-owner';
import { SHARD_GROUPS, type ShardSearches } from '../../application/task-lists';
import { asShardFault } from './ports';

/** An index answers in milliseconds: an owner that takes longer stands still, and what was asked can be found without it. */
const ANSWER_MS = 1_000;

const Place = z.object({ at: z.number(), id: TaskId });
const Places = z.array(Place);
const count = z.number().int().nonnegative();
const Counts = z.object({
  groups: z.array(z.tuple([z.string().nullable(), count])).max(SHARD_GROUPS.count),
  others: count,
});

/** From the replica that a client asks to the owner of each shard. */
const ShardSearch = z.discriminatedUnion('kind', [
  z.object({
    ...{ v: z.literal(1), kind: z.literal('page'), filter: TaskFilter, order: TaskOrder },
    before: Place.optional(),
    limit: z
      .number()
      .int()
      .min(1)
      .max(LIMITS.PAGE_ITEMS + 1),
  }),
  z.object({ v: z.literal(1), kind: z.literal('counts'), filter: TaskFilter, by: TaskGrouping }),
]);
type ShardSearch = z.infer<typeof ShardSearch>;

/** The index of the local owner where this replica has it, else that of the one that listens on the shard's subject. */
export function shardSearches(bus: Bus, local: (shard: number) => ShardOwner | undefined): ShardSearches {
  const send = async <S extends z.ZodType>(
    shard: number,
    search: ShardSearch,
    reply: S,
  ): Promise<z.output<S>> => {
    try {
      return await bus.request(subjects.shardSearch(shard), search, { reply, timeoutMs: ANSWER_MS });
    } catch (error) {
      throw asShardFault(error, shard);
    }
  };
  return {
    page: async (shard, question) =>
      local(shard)?.find(question) ?? send(shard, { v: 1, kind: 'page', ...question }, Places),
    counts: async (shard, filter, by) =>
      local(shard)?.count(filter, by) ?? send(shard, { v: 1, kind: 'counts', filter, by }, Counts),
  };
}

/** Opens the subject on which an owner answers for its index. */
export function openSearches(bus: Bus, owner: ShardOwner): Listening {
  return bus.respond(subjects.shardSearch(owner.shard), { request: ShardSearch }, async (search) =>
    search.kind === 'page' ? owner.find(search) : owner.count(search.filter, search.by),
  );
}
