import type { Command } from 'commander';
import type { Query } from '../api/http-api';
import { declareNamespace, type NamespaceOption } from './namespace';
import { collect, numberOption, splitPair } from './repeatable';

export interface DirectoryOptions extends NamespaceOption {
  capability?: string[];
  region?: string[];
  maxLoad?: number;
  maxPrice?: number;
  version?: string;
  attribute?: string[];
}

/** What is looked for in the directory. */
export function declareDirectory(command: Command): Command {
  return declareNamespace(command)
    .option('--capability <name>', 'has it; several times for all of several', collect)
    .option(
      '--region <pattern>',
      'a region, or a pattern such as eu-*; several times for any of several',
      collect,
    )
    .option('--max-load <share>', '0: idle, 1: full', numberOption('--max-load'))
    .option('--max-price <usd>', 'for one slot, for an hour', numberOption('--max-price'))
    .option('--version <version>', 'advertises exactly this one')
    .option(
      '--attribute <key=value>',
      'of a number at least, of all else equal; several times for all',
      collectText,
    );
}

/** What stands behind the first = may have commas. */
function collectText(text: string, before: readonly string[] = []): string[] {
  splitPair('--attribute', text);
  return [...before, text];
}

export function directoryQuery({ maxPrice, capability, region, ...rest }: DirectoryOptions): Query {
  const { namespace, maxLoad, version, attribute } = rest;
  const asked = { namespace, maxLoad, version, attribute, maxCostPerSlotHour: maxPrice };
  return { ...asked, capability: capability?.join(','), region: region?.join(',') };
}
