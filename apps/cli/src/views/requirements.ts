import {
  constraintText,
  type AttributeAsked,
  type LabelAsked,
  type Requirements,
} from '@multiswarm/contracts';
import { resourceWords } from '../options/resources';

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

function labelText(key: string, asked: LabelAsked): string {
  return typeof asked === 'string' ? `${key}=${asked}` : `${key} ${constraintText(asked)}`;
}

/** A bare number asks for at least that much. */
function attributeText(asked: AttributeAsked): string {
  if (typeof asked === 'object') return constraintText(asked);
  return `${typeof asked === 'number' ? '≥' : '='} ${String(asked)}`;
}
