import {
  CheckShardBody,
  ExportShardBody,
  ImportShardBody,
  RecoverShardBody,
  RecoverShardReply,
  ShardCheckReport,
  ShardExportPart,
  ShardImportReply,
  ShardNumber,
  ShardPage,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { httpWay, named } from '../who-asks';

const tags = ['shards'];
const params = z.object({ shard: ShardNumber });

/** Shards as a whole: look, check, repair. */
export function shardRoutes({ shards }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/shards',
      summary: 'The shards as they stand in Redis: owner, epoch, last commit, sizes',
      tags,
      reply: ShardPage,
      handler: () => shards.list(),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/shards/:shard/check',
      summary:
        'Recount everything of a shard against its task records, while it is served; repair what differs',
      description:
        'Begins a run, or with `run` goes on waiting for one. The answer comes when the run has ended or `waitMs` has passed, and tells how far it is.',
      tags,
      params,
      body: CheckShardBody,
      reply: ShardCheckReport,
      errors: ['shard-not-found', 'check-not-found'],
      handler: ({ params, body, peer }) => shards.check({ ...params, ...named(body, httpWay(peer)) }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/shards/:shard/export',
      summary: 'The next part of a copy of a shard as it is after one commit, made while it is served',
      tags,
      params,
      body: ExportShardBody,
      reply: ShardExportPart,
      errors: ['shard-not-found', 'copy-not-found'],
      handler: ({ params: { shard }, body }) => shards.export({ shard, ...body }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/shards/:shard/import',
      summary:
        'Take in the next part of a copy; the shard has to be empty, or is replaced, and serves nobody meanwhile',
      description: 'What is refused leaves nothing behind.',
      tags,
      params,
      body: ImportShardBody,
      reply: ShardImportReply,
      errors: ['shard-not-found', 'copy-not-found', 'copy-refused'],
      handler: ({ params, body, peer }) => shards.import({ ...params, ...named(body, httpWay(peer)) }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/shards/:shard/recover',
      summary:
        'After Redis was set back: what runs is made again, under numbers that nobody can have used since',
      tags,
      params,
      body: RecoverShardBody,
      reply: RecoverShardReply,
      errors: ['shard-not-found'],
      handler: ({ params, body, peer }) => shards.recover({ ...params, ...named(body, httpWay(peer)) }),
    }),
  ];
}
