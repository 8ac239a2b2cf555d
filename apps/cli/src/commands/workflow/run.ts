import type { Command } from 'commander';
import type { Accepted } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { loadWorkflow } from '../../documents/load-workflow';
import { EXIT, usageFault } from '../../faults';
import { readValue } from '../../options/json-input';
import { integerOption } from '../../options/repeatable';
import { declareWorkflowFile, importAsked, type WorkflowFileOptions } from '../../options/workflow-file';
import { printAccepted } from './print-accepted';

interface Options extends WorkflowFileOptions {
  definition?: string;
  version?: number;
  input?: string;
  namespace?: string;
  idempotencyKey?: string;
  wait?: boolean;
  dryRun?: boolean;
}

export const command: CommandDefinition<Options> = {
  description: `Submits a workflow, or with --definition a run of a workflow that was put under that name. FILE is JSON or YAML, or - for standard input:

  tasks:
    - { id: fetch,  type: download, input: { url: ... } }
    - { id: report, type: report, requirements: { capabilities: [llm] } }
  dependencies:
    report: [fetch]          # starts when fetch succeeded, and finds its output in input.upstream.fetch

Everything that is wrong with the file is listed at once with its place, exit 2, and nothing is stored.

Files in formats of others (Argo Workflows, WfCommons, WorfBench) are told by their content: see "swarmctl workflow import --help".
Of a recorded scientific workflow (WfCommons instance, https://wfcommons.org) each task becomes a step of type "wfcommons" for
which an agent really occupies a slot for the recorded runtime times --time-scale. That replays the recorded time, not the
recorded computation. "swarmctl dev" starts swarms for that type; "swarmctl swarm run --type wfcommons --hold" is another.`,
  examples: [
    { command: 'swarmctl workflow run plan.yaml --wait', does: 'run it and watch the steps' },
    {
      command: `swarmctl workflow run --definition site-report --input '{"url":"https://example.com"}' --wait`,
      does: 'run a definition in its newest version',
    },
    { command: 'make-plan | swarmctl workflow run - -o name', does: 'from another program; prints the id' },
    {
      command: 'swarmctl workflow run montage.json --time-scale 0.1 --wait -o json',
      does: 'replay a recorded workflow in a tenth of its time',
    },
  ],
  configure(command: Command) {
    declareWorkflowFile(command)
      .option('--definition <name>', 'run this definition, in place of FILE')
      .option(
        '--version <n>',
        'with --definition: that version; the newest unless told',
        integerOption('--version', 1, Number.MAX_SAFE_INTEGER),
      )
      .option('--input <json>', 'input of the run: JSON, @file, or - for standard input')
      .option('--namespace <name>', 'with --definition: the tenant; default unless told')
      .option('--idempotency-key <key>', 'a repeated submission with the same key is the same workflow')
      .option('--wait', 'show the steps, wait for the end; exit 0 succeeded, 1 not, 6 --timeout is over')
      .option('--dry-run', 'check and print what would be submitted');
  },
  run: runWorkflow,
};

async function runWorkflow({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { idempotencyKey, input } = options;
  const given = await readValue({ option: '--input', json: input, text: undefined }, io);
  const submission = {
    ...(await submissionOf(args[0], options, io)),
    ...(given === undefined ? {} : { input: given }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
  if (options.dryRun) {
    io.stdout.write(`${JSON.stringify(submission, null, 2)}\n`);
    return EXIT.ok;
  }
  const api = new HttpApi(global.url);
  const accepted = await api.post<Accepted>(paths.workflows, submission);
  return printAccepted(api, accepted, options.wait === true, global, io);
}

async function submissionOf(
  file: string | undefined,
  options: Options,
  io: Invocation['io'],
): Promise<object> {
  const { definition, version, namespace, format } = options;
  if ((file === undefined) === (definition === undefined))
    throw usageFault('either FILE or --definition NAME', 'see "swarmctl workflow run --help"');
  if (file !== undefined) {
    if (version !== undefined || namespace !== undefined)
      throw usageFault('--version and --namespace are about a definition', 'say --definition NAME');
    return (await loadWorkflow(file, format, importAsked(options), io)).body as object; // it was checked to be one
  }
  return {
    definition,
    ...(version === undefined ? {} : { version }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}
