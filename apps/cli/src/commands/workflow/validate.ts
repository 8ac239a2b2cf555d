import type { Command } from 'commander';
import type { Finding, ValidationReply } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { checkWorkflow, invalid } from '../../documents/load-workflow';
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
  const checked = await checkWorkflow(file, options.format, importAsked(options), io);
  const checkedBy = ['here'];
  const findings = [...checked.findings];
  if (!options.offline) {
    const reply = await askServer(new HttpApi(global.url), checked.body, findings.length > 0, io);
    // It knows definitions and the fleet, and finds besides what was found here.
    findings.push(...checked.placed(reply?.findings ?? []));
    for (const { pointer, message } of checked.placed(reply?.warnings ?? []))
      io.stderr.write(`warning: ${pointer === '' ? '' : `${pointer}: `}${message}\n`);
    if (reply) checkedBy.push(`by ${global.url}`);
  }
  if (findings.length > 0) throw invalid(file, different(findings));
  new Printer(io, global.format).one(verdictView, { valid: true, steps: checked.steps, checkedBy });
  return EXIT.ok;
}

function different(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.pointer} ${finding.message}`, finding])).values()];
}

/**
 * Undefined where nobody answers: then the check here has to do.
 * @param isWrong findings are there already: a server that cannot read the workflow adds nothing to them
 */
async function askServer(
  api: HttpApi,
  body: unknown,
  isWrong: boolean,
  io: Invocation['io'],
): Promise<ValidationReply | undefined> {
  try {
    return await api.post<ValidationReply>(paths.workflowValidate, body);
  } catch (error) {
    if (!(error instanceof Fault) || (error.exit !== EXIT.unavailable && !isWrong)) throw error;
    io.stderr.write(`checked here only: ${error.message}\n`);
    return undefined;
  }
}
