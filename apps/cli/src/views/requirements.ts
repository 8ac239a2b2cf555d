import {
  constraintText,
  type AttributeAsked,
  type LabelAsked,
  type Preference,
  type Requirements,
  type Routing,
} from '@multiswarm/contracts';
import { resourceWords } from '../options/resources';
import { formatMs } from '../output/durations';

/** `capability llm, region eu-*, gpu.a100 ≥ 1`, or that anything will do. */
export function requirementsText(needs: Requirements): string {
  const words = [
    ...conditionWords(needs),
    ...resourceWords(needs.resources ?? {}).map(([word, amount]) => `${word} ≥ ${amount}`),
    needs.maxCostPerSlotHour === undefined ? '' : `at most $${needs.maxCostPerSlotHour}/slot/h`,
  ];
  return words.filter((word) => word !== '').join(', ') || 'nothing special';
}

type Conditions = Pick<Requirements, 'capabilities' | 'region' | 'labels' | 'attributes'>;

/** What a swarm is asked to be, of what a task requires or prefers. */
function conditionWords({
  capabilities = [],
  region = [],
  labels = {},
  attributes = {},
}: Conditions): string[] {
  return [
    ...capabilities.map((name) => `capability ${name}`),
    ...(region.length > 0 ? [`region ${region.join(' or ')}`] : []),
    ...Object.entries(labels).map(([key, asked]) => `label ${labelText(key, asked)}`),
    ...Object.entries(attributes).map(([key, asked]) => `${key} ${attributeText(asked)}`),
  ];
}

/** `near eu-west (waits 5.0 s for it), rather label tier=gold (80), policy cost`; undefined where nothing is wished. */
export function wishesText(routing: Routing | undefined): string | undefined {
  const { policy, near, localityWaitMs = 0, prefer = [], affinity, group, apart, spread } = routing ?? {};
  const words = [
    near === undefined
      ? ''
      : `near ${near}${localityWaitMs > 0 ? ` (waits ${formatMs(localityWaitMs)} for it)` : ''}`,
    ...prefer.map(preferenceText),
    apart === undefined ? '' : `apart from others of its group by ${apart.from}${mustText(apart)}`,
    spread === undefined
      ? ''
      : `spread over ${spread.over}s, ${spread.maxSkew} apart at most${mustText(spread)}`,
    affinity === undefined ? '' : `with others of the key ${affinity}`,
    group === undefined ? '' : `group ${group}`,
    policy === undefined ? '' : `policy ${policy}`,
  ].filter((word) => word !== '');
  return words.length === 0 ? undefined : words.join(', ');
}

function preferenceText(preference: Preference): string {
  const weight = preference.weight === 1 ? '' : ` (weight ${preference.weight})`;
  return `rather ${conditionWords(preference).join(' and ')}${weight}`;
}

function mustText({ must }: { must: boolean }): string {
  return must ? ' (or it waits)' : '';
}

function labelText(key: string, asked: LabelAsked): string {
  return typeof asked === 'string' ? `${key}=${asked}` : `${key} ${constraintText(asked)}`;
}

/** A bare number asks for at least that much. */
function attributeText(asked: AttributeAsked): string {
  if (typeof asked === 'object') return constraintText(asked);
  return `${typeof asked === 'number' ? '≥' : '='} ${String(asked)}`;
}
