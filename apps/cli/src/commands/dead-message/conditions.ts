import type { Command } from 'commander';
import { MAIL_CAUSES } from '@multiswarm/contracts';
import type { Io } from '../../io';
import { pastMomentOption } from '../../options/moment';

export interface ConditionOptions {
  namespace?: string;
  to?: string;
  from?: string;
  kind?: string;
  cause?: string;
  diedAfter?: string;
  diedBefore?: string;
}

export function declareConditions(command: Command): void {
  command
    .option('--to <swarm>', 'only those in whose mailbox it was')
    .option('--from <swarm>', 'only those that it sent')
    .option('--kind <kind>', 'only messages of this kind')
    .option('--cause <cause>', `one of ${MAIL_CAUSES.join(', ')}`)
    .option('--namespace <name>', 'only messages of this tenant')
    .option('--died-after <when>', 'given up then or later: an instant, or so long ago (2h)')
    .option('--died-before <when>', 'given up earlier than that: an instant, or so long ago (2h)');
}

/** The conditions alone, as the API takes them; undefined where there is none. */
export function conditionsOf(options: ConditionOptions, io: Io): Record<string, string> | undefined {
  const { namespace, to, from, kind, cause } = options;
  const instant = (name: string, text: string | undefined): string | undefined =>
    text === undefined ? undefined : pastMomentOption(name, () => io.clock.now())(text);
  const diedAfter = instant('--died-after', options.diedAfter);
  const diedBefore = instant('--died-before', options.diedBefore);
  const given = Object.entries({ namespace, to, from, kind, cause, diedAfter, diedBefore }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
