import type { Command } from 'commander';
import { LIMITS, PLACES } from '@multiswarm/contracts';
import { usageFault } from '../faults';
import { durationOption } from '../global-options';
import { collectCondition } from './conditions';
import { part } from './needs';
import { integerOption } from './repeatable';

type Preference = Record<string, unknown>;
type Among = Record<string, unknown>;

/** Which of the swarms that may run something it should be. */
export interface WishOptions {
  policy?: string;
  near?: string;
  localityWait?: number;
  prefer?: Preference[];
  affinity?: string;
  group?: string;
  apart?: Among;
  spread?: Among;
}

export function declareWishes(command: Command): Command {
  return command
    .option('--near <region>', 'the region that it would rather be near to')
    .option('--locality-wait <duration>', 'how long it waits for a slot in that region', durationOption)
    .option(
      '--prefer <what>',
      `what it would rather have, with a weight if you like: 'label tier=gold', '80 region eu-*', 'capability cuda', '20 attribute gpu_memory>=40' (repeatable)`,
      collectPreference,
    )
    .option('--affinity <key>', 'the same swarm as others with this key, as long as it has room')
    .option('--group <name>', 'which tasks keep apart or spread (default: those of its type)')
    .option(
      '--apart <place>',
      'not where others of the group run: swarm, zone or region; rather waits with ",must"',
      apart,
    )
    .option(
      '--spread <place>',
      'about as many of the group in each zone or region; "zone,skew=2,must" says by how many they may differ, and that it rather waits',
      spread,
    );
}

/** As the API takes them; undefined where nothing is wished. */
export function wishesOf(options: WishOptions): Record<string, unknown> | undefined {
  const { policy, near, localityWait, prefer, affinity, group } = options;
  const asked = { policy, near, localityWaitMs: localityWait, prefer, affinity, group };
  return part({ ...asked, apart: options.apart, spread: options.spread });
}

const HOW_TO_PREFER = `write it like 'label tier=gold', '80 region eu-*', 'capability cuda' or '20 attribute gpu_memory>=40'`;
const PREFERENCE = /^\s*(?:(\d+)\s+)?(region|capability|label|attribute)\s+(.+)$/s;

function collectPreference(text: string, before: readonly Preference[] = []): Preference[] {
  const match = PREFERENCE.exec(text);
  if (match === null) throw usageFault(`--prefer "${text}" is not understood`, HOW_TO_PREFER);
  const [, weight, kind = '', asked = ''] = match;
  const weighted =
    weight === undefined
      ? {}
      : { weight: integerOption('--prefer: the weight', 1, LIMITS.PREFERENCE_WEIGHT)(weight) };
  return [...before, { ...weighted, ...conditionsOf(kind, asked.trim()) }];
}

function conditionsOf(kind: string, asked: string): Preference {
  const values = asked.split(',').map((value) => value.trim());
  switch (kind) {
    case 'region':
      return { region: values };
    case 'capability':
      return { capabilities: values };
    case 'label':
      return { labels: collectCondition('label', '--prefer')(asked) };
    default:
      return { attributes: collectCondition('attribute', '--prefer')(asked) };
  }
}

function apart(text: string): Among {
  const { place, must } = amongOf('--apart', text, PLACES, []);
  return { from: place, ...must };
}

function spread(text: string): Among {
  const { place, must, skew } = amongOf('--spread', text, ['zone', 'region'], ['skew']);
  const maxSkew =
    skew === undefined ? {} : { maxSkew: integerOption('--spread: skew', 1, LIMITS.SPREAD_SKEW)(skew) };
  return { over: place, ...maxSkew, ...must };
}

interface AmongWords {
  place: string;
  must: { must?: true };
  skew?: string;
}

/** `zone,skew=2,must`: a place, and how. */
function amongOf(
  option: string,
  text: string,
  places: readonly string[],
  named: readonly 'skew'[],
): AmongWords {
  const hint = `write it like "${option} zone", "${option} zone,must"${named.length > 0 ? ` or "${option} zone,skew=2"` : ''}`;
  const [place = '', ...words] = text.split(',').map((word) => word.trim());
  if (!places.includes(place))
    throw usageFault(`${option} "${text}": "${place}" is none of ${places.join(', ')}`, hint);
  const among: AmongWords = { place, must: {} };
  for (const word of words) {
    const [name = '', value] = word.split('=');
    if (name === 'must' && value === undefined) among.must = { must: true };
    else if (name === 'skew' && named.includes('skew') && value !== undefined) among.skew = value;
    else throw usageFault(`${option} "${text}": "${word}" is not understood`, hint);
  }
  return among;
}
