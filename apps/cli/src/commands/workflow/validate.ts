import type { Command } from 'commander';
import type { ValidationReply } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { invalid, loadWorkflow } from '../../documents/load-workflow';
import { EXIT, Fault } from '../../faults';
import { declareWorkflowFile, importAsked, type WorkflowFileOptions } from '../../options/workflow-file';
import type { View } from '../../output/printer';
import { Printer } from '../../output/printer';

interface Options extends WorkflowFileOptions {
  offline?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Lists everything that is wrong with a workflow file, each with its place; stores nothing. Checked here first, then by ' +
    'the orchestrator where one answers. Exit 0 when it could run, 2 when not.',
  examples: [
    { command: 'swarmctl workflow validate plan.yaml', does: 'check it' },
    {
      command: 'swarmctl workflow validate plan.yaml --offline -o json',
      does: 'without a server; findings as JSON on stderr',
    },
    {
      command: 'swarmctl workflow validate montage.json',
      does: 'a recorded workflow: parents, children, runtimes',
    },
  ],
  configure(command: Command) {
    declareWorkflowFile(command).option('--offline', 'do not ask the orchestrator');
  },
  run: validate,
};

interface Verdict {
  valid: boolean;
  steps: number;
  checkedBy: string[];
}

const verdictView: View<Verdict> = {
  name: ({ valid }) => (valid ? 'valid' : 'invalid'),
  none: '',
  columns: () => [],
  detail: ({ steps, checkedBy }) =>
    `valid: ${steps} ${steps === 1 ? 'step' : 'steps'} (checked ${checkedBy.join(' and ')})\n`,
};

async function validate({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const file = args[0] ?? '';
  const { body, steps } = await loadWorkflow(file, options.format, importAsked(options), io);
  const checkedBy = ['here'];
  if (!options.offline) {
    const reply = await askServer(new HttpApi(global.url), body, io);
    if (reply && !reply.valid) throw invalid(file, reply.findings);
    for (const { pointer, message } of reply?.warnings ?? [])
      io.stderr.write(`warning: ${pointer === '' ? '' : `${pointer}: `}${message}\n`);
    if (reply) checkedBy.push(`by ${global.url}`);
  }
  new Printer(io, global.format).one(verdictView, { valid: true, steps, checkedBy });
  return EXIT.ok;
}

/** Undefined where nobody answers: then the check here has to do. */
async function askServer(
  api: HttpApi,
  body: unknown,
  io: Invocation['io'],
): Promise<ValidationReply | undefined> {
  try {
    return await api.post<ValidationReply>(paths.workflowValidate, body);
  } catch (error) {
    if (!(error instanceof Fault) || error.exit !== EXIT.unavailable) throw error;
    io.stderr.write(`checked here only: ${error.message}\n`);
    return undefined;
  }
}
