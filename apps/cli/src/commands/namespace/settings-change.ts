import type { Command } from 'commander';
import { parseOrThrow, NamespaceSettings, PRIORITIES } from '@multiswarm/contracts';
import { usageFault } from '../../faults';
import { limitOption } from '../../options/limit';
import { collectPair } from '../../options/repeatable';
import { parseDuration } from '../../output/durations';

/** Single settings as the command line names them. */
export interface ChangeOptions {
  weight?: string;
  fairnessWeight?: Record<string, string>;
  limit?: string;
  keyLimit?: Record<string, string>;
  retention?: string;
  eventRetention?: string;
  priorityCeiling?: string;
}

export function declareChanges(command: Command): void {
  command
    .option('--weight <n>', 'its share of the slots beside other namespaces; 1 unless told')
    .option(
      '--fairness-weight <key=n>',
      'share of a fairness key inside the namespace, or none (repeatable)',
      collectPair('--fairness-weight'),
    )
    .option('--limit <limit>', 'for all its tasks together: 200, 1000/1m, both with a comma, or none')
    .option(
      '--key-limit <key=limit>',
      "for tasks that name this limit key; with a star for each key of a prefix: 'customer:*=10' (repeatable)",
      collectPair('--key-limit'),
    )
    .option(
      '--retention <duration>',
      'how long ended tasks and their histories are kept, or none for the default',
    )
    .option(
      '--event-retention <duration>',
      'how long events are shown in the stream, or none: as long as the stream has them',
    )
    .option(
      '--priority-ceiling <priority>',
      `tasks that ask for more get this: ${PRIORITIES.join(', ')}, or none`,
    );
}

export function asksForChanges(options: ChangeOptions): boolean {
  return CHANGES.some((name) => options[name] !== undefined);
}

const CHANGES = [
  'weight',
  'fairnessWeight',
  'limit',
  'keyLimit',
  'retention',
  'eventRetention',
  'priorityCeiling',
] as const satisfies readonly (keyof ChangeOptions)[];

/** The same settings with what the command line asks for. Throws where the result would not be allowed. */
export function changed(before: NamespaceSettings, options: ChangeOptions): NamespaceSettings {
  const { weight, fairnessWeight = {}, limit, keyLimit = {}, priorityCeiling } = options;
  const { retention, eventRetention } = options;
  const next: Record<string, unknown> = { ...before };
  if (weight !== undefined) next['weight'] = Number(weight);
  next['fairnessWeights'] = merged(before.fairnessWeights, fairnessWeight, Number);
  next['limits'] = merged(before.limits, keyLimit, (text) => limitOption('--key-limit', text));
  if (limit !== undefined) next['limit'] = limitOption('--limit', limit);
  if (retention !== undefined) next['retentionMs'] = retentionOf('--retention', retention);
  if (eventRetention !== undefined)
    next['eventRetentionMs'] = retentionOf('--event-retention', eventRetention);
  if (priorityCeiling !== undefined)
    next['priorityCeiling'] = priorityCeiling === 'none' ? undefined : priorityCeiling;
  const set = Object.entries(next).filter(([, value]) => value !== undefined);
  return parseOrThrow(NamespaceSettings, Object.fromEntries(set));
}

/** Each pair replaces the entry of its key, or, with `none`, takes it away. */
function merged<T>(
  before: Readonly<Record<string, T>>,
  pairs: Readonly<Record<string, string>>,
  read: (text: string) => T | undefined,
): Record<string, T> {
  const entries = new Map(Object.entries(before));
  for (const [key, text] of Object.entries(pairs)) {
    const value = text === 'none' ? undefined : read(text);
    if (value === undefined) entries.delete(key);
    else entries.set(key, value);
  }
  return Object.fromEntries(entries);
}

function retentionOf(option: string, text: string): number | undefined {
  if (text === 'none') return undefined;
  const ms = parseDuration(text);
  if (ms === undefined)
    throw usageFault(`${option}: "${text}" is not a duration`, 'write it like 12h, 7d or none');
  return ms;
}
