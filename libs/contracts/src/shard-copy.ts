import { z } from 'zod';
import { LIMITS } from './limits';
import { StoredJson as Json } from './json';
import { Name } from './names';
import { ShardNumber } from './shard-check';

const count = z.number().int().nonnegative();
const run = z.string().min(1).max(LIMITS.NAME_CHARS);
const asked = {
  requestedBy: z.string().min(1).max(LIMITS.NAME_CHARS).optional().describe('who asks; kept in the log'),
  reason: z.string().min(1).max(LIMITS.METADATA_VALUE_CHARS).optional().describe('why; kept in the log'),
};

/** The first line of an exported shard. */
export const ShardCopyHead = z.object({
  format: z.literal('multiswarm-shard'),
  v: z.literal(1),
  shards: count.describe('SHARDS of the deployment: ids embed their shard'),
  shard: count,
  epoch: count,
  attemptBase: count,
  exportedAt: z.string(),
});
export type ShardCopyHead = z.infer<typeof ShardCopyHead>;

/** The line before the checksum: what the shard had after one commit. */
export const ShardCopyEnd = z.object({
  end: z.literal(true),
  batchSeq: count.describe('the commit after which the copy is the shard'),
  tasks: count,
  runs: count,
  counts: z.record(z.string(), z.number().int()),
});
export type ShardCopyEnd = z.infer<typeof ShardCopyEnd>;

const expiresAt = z.number().optional();
/** Of several lines about one task, run or history the last one stands; `gone` removes what was told before. */
export const ShardCopyLine = z.union([
  z.object({ task: Name, spec: Json, state: Json.optional(), expiresAt }),
  z.object({ run: Name, spec: Json, state: Json, progress: Json, expiresAt }),
  z
    .object({ history: Name, from: count, events: z.array(Json) })
    .describe('events of a root that its record does not tell; from 0: all that was told before is void'),
  z.object({ gone: Name }),
]);
export type ShardCopyLine = z.infer<typeof ShardCopyLine>;

export const ExportShardBody = z.strictObject({
  run: run.optional().describe('of the answer before; without it a new export begins'),
  seq: count.default(0).describe('which part; the same one may be asked for again until the next was'),
});
export const ExportShard = ExportShardBody.extend({ shard: ShardNumber });
export type ExportShard = z.infer<typeof ExportShard>;
export const ShardExportPart = z.object({
  run: z.string(),
  seq: count,
  lines: z.array(Json),
  done: z.boolean().describe('this was the last part'),
});
export type ShardExportPart = z.infer<typeof ShardExportPart>;

export const ImportShardBody = z.strictObject({
  run: run.optional().describe('of the answer before; without it a new import begins'),
  seq: count.default(0).describe('which part; 0 has the head alone'),
  lines: z.array(Json).max(LIMITS.IMPORT_LINES),
  replace: z.boolean().default(false).describe('delete what the shard has'),
  ...asked,
});
export const ImportShard = ImportShardBody.extend({ shard: ShardNumber });
export type ImportShard = z.infer<typeof ImportShard>;
export const ShardImportReply = z.object({
  run: z.string(),
  state: z
    .enum(['preparing', 'open', 'done'])
    .describe('preparing: ask again with the same part; open: the part was taken, or the first may come'),
  seq: count.describe('the part that is awaited'),
  tasks: count,
  runs: count,
});
export type ShardImportReply = z.infer<typeof ShardImportReply>;

export const RecoverShardBody = z.strictObject({
  confirm: z.literal(true).describe('attempts that run are given up and made again'),
  ...asked,
});
export const RecoverShard = RecoverShardBody.extend({ shard: ShardNumber });
export type RecoverShard = z.infer<typeof RecoverShard>;
export const RecoverShardReply = z.object({ shard: count, state: z.literal('beginning') });
export type RecoverShardReply = z.infer<typeof RecoverShardReply>;
