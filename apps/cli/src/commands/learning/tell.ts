import type { Command } from 'commander';
import type { LearningPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { GlobalOptions } from '../../command';
import { EXIT, usageFault } from '../../faults';
import type { Io } from '../../io';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { learningView } from '../../views/learning';

export interface TellOptions extends RequestedByOption {
  reason?: string;
}

export function declareTelling(command: Command): Command {
  return declareRequestedBy(
    command.option('--reason <text>', 'why, for whoever wonders later (required)'),
    'with the command',
  );
}

/** A command to the learning of all replicas. */
export async function tellLearning(
  verb: 'freeze' | 'unfreeze' | 'reset',
  options: TellOptions,
  scope: { type?: string | undefined; swarmClass?: string | undefined },
  global: GlobalOptions,
  io: Io,
): Promise<number> {
  const { reason } = options;
  if (reason === undefined) throw usageFault('--reason is missing', 'say why: --reason "load test"');
  const body = { ...scope, reason, requestedBy: requestedBy(options, io) };
  const page = await new HttpApi(global.loadBalancer).post<LearningPage>(paths.learningCommand(verb), body);
  const { frozen, halfLifeMs, commands } = page;
  const newest = { ...page, commands: commands.slice(0, 1) };
  const data = (): object => ({ frozen: frozen ?? null, halfLifeMs, commands: newest.commands });
  new Printer(io, global.format).one({ ...learningView, data }, newest);
  return EXIT.ok;
}
