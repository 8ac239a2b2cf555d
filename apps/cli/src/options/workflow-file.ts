import { Option, type Command } from 'commander';
import { WORKFLOW_FORMATS, type ImportAsked, type WorkflowFormat } from '../documents/load-workflow';
import { collectPair, numberOption } from './repeatable';

/** What may be said about a file with a workflow. */
export interface WorkflowFileOptions extends ImportFileOptions {
  format?: WorkflowFormat;
}

/** What may be said about a file in a format of others. */
export interface ImportFileOptions {
  name?: string;
  timeScale?: number;
  entrypoint?: string;
  parameter?: Record<string, string>;
  lossy?: boolean;
}

export function declareWorkflowFile(command: Command): Command {
  const format = new Option('--format <format>', 'how FILE is written; told by its content unless given');
  return declareImport(command.addOption(format.choices(WORKFLOW_FORMATS)));
}

export function declareImport(command: Command): Command {
  return command
    .option('--name <name>', 'which workflow, where FILE has several: its name, or its number from 1')
    .option(
      '--time-scale <factor>',
      'wfcommons: recorded seconds times this are held (0: none; default: 10 s for the longest chain)',
      numberOption('--time-scale'),
    )
    .option('--entrypoint <template>', 'argo: the template to begin with, in place of its own')
    .option(
      '--parameter <name=value>',
      'argo: a parameter of the workflow (repeatable)',
      collectPair('--parameter'),
    )
    .option('--lossy', 'argo: leave out what has no counterpart, with a warning');
}

export function importAsked(options: ImportFileOptions): ImportAsked {
  const { name, timeScale, entrypoint, parameter: parameters, lossy } = options;
  return { name, timeScale, entrypoint, parameters, lossy };
}
