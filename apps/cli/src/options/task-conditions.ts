import type { Command } from 'commander';
import { TASK_STATES } from '@multiswarm/contracts';
import type { Query } from '../api/http-api';
import type { Io } from '../io';
import { pastMomentOption } from './moment';
import { collect } from './repeatable';

/** What tasks are found by; with several values any of them will do, but of labels and words, which must all be there. */
export interface TaskConditionOptions {
  state?: string[];
  type?: string[];
  namespace?: string[];
  swarm?: string[];
  region?: string[];
  code?: string[];
  label?: string[];
  text?: string[];
  createdAfter?: string;
  createdBefore?: string;
  endedAfter?: string;
  endedBefore?: string;
  updatedAfter?: string;
  updatedBefore?: string;
}

/** Values of the metadata may have commas. */
const each = (value: string, before: readonly string[] = []): string[] => [...before, value];

export function declareTaskConditions(command: Command): Command {
  const time = 'an instant, or so long ago (2h)';
  return command
    .option(
      '--state <state>',
      `any of ${TASK_STATES.join(', ')}; may be repeated, as all that follow`,
      collect,
    )
    .option('--type <type>', 'tasks of this type, or of a pattern such as report.*', collect)
    .option('--namespace <name>', 'tasks of this tenant', collect)
    .option('--swarm <id>', 'tasks that this swarm (or a pattern) has, or had when they ended', collect)
    .option('--region <name>', 'the same of a region, or a pattern such as eu-*', collect)
    .option('--code <code>', 'that ended with this error code, or are to be tried again for it', collect)
    .option('--label <key=value>', 'with this entry in their metadata; or the key alone', each)
    .option('--text <words>', 'with these words anywhere in their metadata', each)
    .option('--created-after <when>', `created then or later: ${time}`)
    .option('--created-before <when>', `created earlier than that: ${time}`)
    .option('--ended-after <when>', `ended then or later: ${time}`)
    .option('--ended-before <when>', `ended earlier than that: ${time}`)
    .option('--updated-after <when>', `in their state since then or later: ${time}`)
    .option('--updated-before <when>', `in their state since earlier than that: ${time}`);
}

/** The conditions alone, as the API takes them. */
export function taskConditions(options: TaskConditionOptions, io: Io): Query {
  const { state, type, namespace, swarm, region, code, label, text } = options;
  const instant = (name: string, given: string | undefined): string | undefined =>
    given === undefined ? undefined : pastMomentOption(name, () => io.clock.now())(given);
  return {
    ...{ state, type, namespace, swarm, region, code, label, text },
    createdAfter: instant('--created-after', options.createdAfter),
    createdBefore: instant('--created-before', options.createdBefore),
    endedAfter: instant('--ended-after', options.endedAfter),
    endedBefore: instant('--ended-before', options.endedBefore),
    updatedAfter: instant('--updated-after', options.updatedAfter),
    updatedBefore: instant('--updated-before', options.updatedBefore),
  };
}
