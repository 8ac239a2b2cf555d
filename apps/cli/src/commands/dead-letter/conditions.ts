import type { Command } from 'commander';
import { DEAD_STATES } from '@multiswarm/contracts';
import type { Io } from '../../io';
import { pastMomentOption } from '../../options/moment';

export interface ConditionOptions {
  type?: string;
  namespace?: string;
  code?: string;
  state?: string;
  endedAfter?: string;
  endedBefore?: string;
}

export function declareConditions(command: Command): void {
  command
    .option('--type <type>', 'only tasks of this type')
    .option('--namespace <name>', 'only tasks of this tenant')
    .option('--code <code>', 'only those that ended with this error code')
    .option('--state <state>', `one of ${DEAD_STATES.join(', ')}`)
    .option('--ended-after <when>', 'ended then or later: an instant, or so long ago (2h)')
    .option('--ended-before <when>', 'ended earlier than that: an instant, or so long ago (2h)');
}

/** The conditions alone, as the API takes them; undefined where there is none. */
export function conditionsOf(options: ConditionOptions, io: Io): Record<string, string> | undefined {
  const { type, namespace, code, state } = options;
  const instant = (name: string, text: string | undefined): string | undefined =>
    text === undefined ? undefined : pastMomentOption(name, () => io.clock.now())(text);
  const endedAfter = instant('--ended-after', options.endedAfter);
  const endedBefore = instant('--ended-before', options.endedBefore);
  const given = Object.entries({ type, namespace, code, state, endedAfter, endedBefore }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
