import type { Command } from 'commander';
import type { Resources } from '@multiswarm/contracts';
import { collectCondition, type AskedOf } from './conditions';
import { collect, numberOption } from './repeatable';
import { collectResource } from './resources';

/** What is asked of the swarm that runs something: all of it must hold. */
export interface NeedOptions {
  capability?: string[];
  region?: string[];
  attribute?: AskedOf;
  label?: AskedOf;
  resource?: Resources;
  maxCost?: number;
}

export function declareNeeds(command: Command): Command {
  return command
    .option('--capability <name>', 'a capability that the swarm must have (repeatable)', collect)
    .option('--region <pattern>', 'a region, or a pattern such as eu-* (repeatable: any of them)', collect)
    .option(
      '--attribute <condition>',
      `an attribute that the swarm must declare, such as 'gpu_memory=40' (at least), 'gpu_memory<80', 'language in python,go' (repeatable)`,
      collectCondition('attribute'),
    )
    .option(
      '--label <condition>',
      `a label that the swarm must carry, such as tier=gold, 'tier in gold,silver', 'spot not exists' (repeatable)`,
      collectCondition('label'),
    )
    .option(
      '--resource <k=n>',
      'what an attempt occupies: cpu, memoryMb, gpu, gpu.<type>, or a counter of your own (repeatable)',
      collectResource,
    )
    .option('--max-cost <usd>', 'the most that an hour of a slot may cost', numberOption('--max-cost'));
}

/** As the API takes them; undefined where nothing is asked. */
export function needsOf(options: NeedOptions): Record<string, unknown> | undefined {
  const { capability, region, attribute, label, resource, maxCost } = options;
  return part({
    capabilities: capability,
    region,
    resources: resource,
    attributes: attribute,
    labels: label,
    maxCostPerSlotHour: maxCost,
  });
}

/** Fields that were given. */
export function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Undefined where nothing of it was asked for. */
export function part(fields: Record<string, unknown>): Record<string, unknown> | undefined {
  const asked = given(fields);
  return Object.keys(asked).length === 0 ? undefined : asked;
}
