import type { Command } from 'commander';
import type { PayloadCheck } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { confirm } from '../../options/confirm';
import { integerOption } from '../../options/repeatable';
import { Printer } from '../../output/printer';
import { payloadCheckView } from '../../views/payload-check';

interface Options {
  repair?: boolean;
  limit?: number;
}

/** A repair looks twice, some seconds apart. */
const CHECK_MS = 120_000;

export const command: CommandDefinition<Options> = {
  description:
    'Holds the payloads that are stored (inputs and outputs over 256 KiB) against what tasks refer to: orphans, uploads that broke ' +
    'off, references to what is not there, missing parts. With --repair it removes what nothing refers to; what is lost it can only name. ' +
    'Exit 1 while something is wrong.',
  examples: [
    { command: 'swarmctl payload check', does: 'what is stored in vain, and what is missing' },
    { command: 'swarmctl payload check --repair --yes', does: 'the same, and remove what nothing refers to' },
    { command: 'swarmctl payload check -o json', does: 'for programs' },
  ],
  configure(command: Command) {
    command
      .option('--repair', 'remove what is older than the grace time, and nothing refers to')
      .option('--limit <n>', 'faults to list', integerOption('--limit', 1, 500));
  },
  run: check,
};

async function check({ options, global, io }: Invocation<Options>): Promise<number> {
  const { repair = false, limit } = options;
  if (repair && !(await confirm('remove payloads that nothing refers to', global, io))) return EXIT.usage;
  const api = new HttpApi(global.url, global.timeoutMs ?? CHECK_MS);
  const body = { repair, ...(limit === undefined ? {} : { limit }) };
  const found = await api.post<PayloadCheck>(paths.payloadCheck, body);
  new Printer(io, global.format).one(payloadCheckView, found);
  const faults = Object.values(found.counts).reduce((sum, count) => sum + count, 0);
  return faults > found.repaired ? EXIT.workFailed : EXIT.ok;
}
