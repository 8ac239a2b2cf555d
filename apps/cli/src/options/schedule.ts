import { OVERLAPS } from '@multiswarm/contracts';
import { Option, type Command } from 'commander';
import { loadWorkflow } from '../documents/load-workflow';
import { usageFault } from '../faults';
import { durationOption } from '../global-options';
import type { Io } from '../io';
import { readValue } from './json-input';
import { momentOption } from './moment';
import { integerOption } from './repeatable';
import { importAsked, declareWorkflowFile, type WorkflowFileOptions } from './workflow-file';

/** What a schedule is, in options. */
export interface ScheduleOptions extends WorkflowFileOptions {
  namespace?: string;
  cron?: string;
  timeZone?: string;
  from?: string;
  until?: string;
  overlap?: string;
  jitter?: number;
  catchUp?: number;
  timeField?: string;
  description?: string;
  definition?: string;
  version?: number;
  input?: string;
  dryRun?: boolean;
}

export function declareSchedule(command: Command, now: () => number): Command {
  return declareWorkflowFile(command)
    .option(
      '--cron <text>',
      "minute, hour, day of month, month, day of week, such as '30 2 * * 1-5'; or @daily",
    )
    .option('--time-zone <name>', 'of the IANA database, such as Europe/Berlin; UTC unless told')
    .option(
      '--from <when>',
      'no time before it: an instant, or a duration from now',
      momentOption('--from', now),
    )
    .option('--until <when>', 'no time behind it', momentOption('--until', now))
    .addOption(
      new Option('--overlap <policy>', 'what becomes of a time while an earlier run goes on').choices(
        OVERLAPS,
      ),
    )
    .option('--jitter <duration>', 'start up to so much later', durationOption)
    .option('--catch-up <duration>', 'how long a time is made up for after an outage', durationOption)
    .option('--time-field <name>', 'field of the input that gets the time a run is started for')
    .option('--description <text>', 'what it is for')
    .option('--definition <name>', 'start this definition, in place of FILE')
    .option(
      '--version <n>',
      'with --definition: that version; the newest at each start unless told',
      integerOption('--version', 1, Number.MAX_SAFE_INTEGER),
    )
    .option('--input <json>', 'input of each run: JSON, @file, or - for standard input')
    .option('--namespace <name>', 'the tenant; default unless told')
    .option('--dry-run', 'check it and show the next times; nothing is stored');
}

/** The fields that were given. */
export async function scheduleFields(
  file: string | undefined,
  options: ScheduleOptions,
  io: Io,
): Promise<Record<string, unknown>> {
  const { cron, timeZone, from, until, overlap, timeField, description, namespace, dryRun } = options;
  const { jitter: jitterMs, catchUp: catchUpMs } = options;
  const workflow = await workflowOf(file, options, io);
  const fields = {
    ...{ namespace, cron, timeZone, from, until, overlap, jitterMs, catchUpMs },
    ...{ timeField, description, workflow, dryRun },
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function workflowOf(
  file: string | undefined,
  options: ScheduleOptions,
  io: Io,
): Promise<object | undefined> {
  const { definition, version, format } = options;
  if (file !== undefined && definition !== undefined)
    throw usageFault('either FILE or --definition NAME', 'see "swarmctl schedule create --help"');
  if (version !== undefined && definition === undefined)
    throw usageFault('--version is about a definition', 'say --definition NAME');
  const input = await readValue({ option: '--input', json: options.input, text: undefined }, io);
  const more = input === undefined ? {} : { input };
  if (definition !== undefined) return { definition, ...(version === undefined ? {} : { version }), ...more };
  if (file !== undefined) {
    const { body } = await loadWorkflow(file, format, importAsked(options), io);
    return { ...(body as object), ...more }; // it was checked to be one
  }
  if (input !== undefined)
    throw usageFault('--input is about what is started', 'say FILE or --definition NAME');
  return undefined;
}
