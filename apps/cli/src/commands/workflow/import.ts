import { Option, type Command } from 'commander';
import { IMPORT_FORMATS, type ImportFormat } from '@multiswarm/workflow';
import type { CommandDefinition, Invocation } from '../../command';
import { importFile } from '../../documents/load-workflow';
import { EXIT } from '../../faults';
import { declareImport, importAsked, type ImportFileOptions } from '../../options/workflow-file';
import { Printer, type View } from '../../output/printer';

interface Options extends ImportFileOptions {
  type?: ImportFormat;
  definition?: boolean;
}

export const command: CommandDefinition<Options> = {
  description: `Prints the workflow that a file in a format of others becomes, and submits nothing: as YAML, or as -o says. FILE is

  argo       a manifest of Argo Workflows: Workflow, WorkflowTemplate, ClusterWorkflowTemplate, CronWorkflow, also several
  wfcommons  a recorded scientific workflow (WfCommons instance)
  worfbench  a plan of an agent (WorfBench), one or a line for each

or - for standard input. What has no counterpart is told, all of it at once with its place, and nothing is printed (exit 2);
what is carried over in another manner is a warning. docs/import.md has all rules.`,
  examples: [
    {
      command: 'swarmctl workflow import build.yaml > plan.yaml',
      does: 'a file to look at, and to go on with',
    },
    {
      command: 'swarmctl workflow import build.yaml --definition | swarmctl definition put build -',
      does: 'a definition of it',
    },
  ],
  configure(command: Command) {
    const type = new Option('--type <type>', 'how FILE is written; told by its content unless given');
    declareImport(command.addOption(type.choices(IMPORT_FORMATS))).option(
      '--definition',
      'without what belongs to one run: name, input, metadata',
    );
  },
  run: importWorkflowFile,
};

const importedView: View<object> = { name: () => '', none: '', columns: () => [] };

async function importWorkflowFile({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { body } = await importFile(args[0] ?? '', options.type, importAsked(options), io);
  const { name, input, metadata, ...definition } = body;
  const { format } = global;
  // Tables are for people, and this is for a file.
  const printer = new Printer(io, format === 'table' || format === 'wide' ? 'yaml' : format);
  const view = { ...importedView, name: () => name ?? '-' };
  printer.one(view, options.definition === true ? definition : body);
  if (options.definition === true && (input !== undefined || metadata !== undefined))
    io.stderr.write('left out, because they belong to a run: input, metadata\n');
  return EXIT.ok;
}
