import type { ShardPage, ShardView } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer, type View } from '../../output/printer';

export const command: CommandDefinition = {
  description:
    'The shards as they stand in Redis: who owns each, its epoch and last commit, how much it has.',
  examples: [
    { command: 'swarmctl shard list', does: 'a table' },
    { command: 'swarmctl shard list -o json', does: 'for programs' },
  ],
  configure: () => undefined,
  run: list,
};

const view: View<ShardView> = {
  name: ({ shard }) => String(shard),
  none: 'no shards',
  columns: () => [
    { header: 'SHARD', value: ({ shard }) => String(shard), align: 'right' },
    { header: 'OWNER', value: ({ owner }) => owner || '-' },
    { header: 'EPOCH', value: ({ epoch }) => String(epoch), align: 'right' },
    { header: 'COMMIT', value: ({ batchSeq }) => String(batchSeq), align: 'right' },
    { header: 'TASKS', value: ({ tasks }) => String(tasks), align: 'right' },
    { header: 'WORKFLOWS', value: ({ workflows }) => String(workflows), align: 'right' },
    { header: 'WAITING', value: ({ waiting }) => String(waiting), align: 'right' },
    { header: 'ACTIVE', value: ({ active }) => String(active), align: 'right' },
    { header: 'OUTBOX', value: ({ outbox }) => String(outbox), align: 'right' },
  ],
};

async function list({ global, io }: Invocation): Promise<number> {
  const { items } = await new HttpApi(global.url).get<ShardPage>(paths.shards);
  new Printer(io, global.format).list(view, items);
  return EXIT.ok;
}
