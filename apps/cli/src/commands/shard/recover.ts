import type { Command } from 'commander';
import type { RecoverShardReply, ShardPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { confirm } from '../../options/confirm';
import { repeatedInteger } from '../../options/repeatable';
import { userIn } from '../../options/user';

interface Options {
  shard: number[];
  all?: boolean;
  reason?: string;
  requestedBy?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'After Redis was set back to an earlier state: what runs is given up and made again, and no number of a commit or an attempt is used that may have been used since. ' +
    'A shard does so by itself where the event stream shows that it was set back; this is for when the stream is gone too.',
  examples: [
    {
      command: 'swarmctl shard recover --all --reason "backup of 3 o\'clock, JetStream is new"',
      does: 'every shard',
    },
    { command: 'swarmctl shard recover --shard 3', does: 'one' },
  ],
  configure(command: Command) {
    command
      .option('--shard <n>', 'this shard; may be repeated', repeatedInteger('--shard'), [])
      .option('--all', 'every shard')
      .option('--reason <text>', 'kept in the log of the orchestrator')
      .option('--requested-by <name>', 'who asks, kept in the log (default: the name of the user)');
  },
  run: recover,
};

async function recover({ options, global, io }: Invocation<Options>): Promise<number> {
  const { shard, all = false, reason, requestedBy = userIn(io.env) } = options;
  if (all === shard.length > 0) throw usageFault('which shards?', 'say either --shard or --all');
  const what = all ? 'all shards' : `shard ${shard.join(', ')}`;
  if (!(await confirm(`give up what runs in ${what} and make it again`, global, io))) return EXIT.ok;
  const api = new HttpApi(global.url);
  const shards = all ? (await api.get<ShardPage>(paths.shards)).items.map((each) => each.shard) : shard;
  for (const each of shards) {
    await api.post<RecoverShardReply>(paths.shardRecover(each), { confirm: true, reason, requestedBy });
    io.stderr.write(`shard ${each} begins anew\n`);
  }
  return EXIT.ok;
}
