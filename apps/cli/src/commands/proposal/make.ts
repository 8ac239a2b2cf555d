import { Option, type Command } from 'commander';
import { PROPOSAL_RULES, type Proposal } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { durationOption } from '../../global-options';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { collect, integerOption } from '../../options/repeatable';

interface Options extends NamespaceOption {
  proposer: string;
  member?: string[];
  choice?: string[];
  rule?: string;
  quorum?: number;
  ttl: number;
}

const MOST = 256;

export const command: CommandDefinition<Options> = {
  description: 'Proposes something that members vote on, each once, and prints its id.',
  examples: [
    {
      command: `swarmctl proposal make 'Which plan?' --member x,y,z --choice a,b --ttl 10m`,
      does: 'a majority of the members decides',
    },
    {
      command: `swarmctl proposal make 'Ship it?' --member x,y,z --rule unanimous --ttl 1h`,
      does: 'yes or no',
    },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .option('--proposer <swarm>', 'in whose name', 'swarmctl')
      .option('--member <swarm>', 'who may vote; several times, or with commas', collect)
      .option('--choice <word>', 'yes and no unless told; several times, or with commas', collect)
      .addOption(new Option('--rule <rule>', 'majority unless told').choices(PROPOSAL_RULES))
      .option('--quorum <n>', 'of a plurality: so many have to vote', integerOption('--quorum', 1, MOST))
      .requiredOption('--ttl <duration>', 'how long votes are taken', durationOption);
  },
  async run({ args: [question = ''], options, global, io }: Invocation<Options>) {
    const { proposer, member, choice, rule, quorum, ttl, namespace } = options;
    if (member === undefined) throw usageFault('nobody may vote', 'say who, such as --member x,y,z');
    const body = {
      question,
      proposer,
      members: member,
      choices: choice,
      rule,
      quorum,
      ttlMs: ttl,
      namespace,
    };
    const { id } = await new HttpApi(global.communicator).post<Proposal>(paths.proposals, body);
    io.stdout.write(`${id}\n`);
    return EXIT.ok;
  },
};
