import type { Command } from 'commander';
import type { Workflow } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { parseDocument, withLines } from '../../documents/parse';
import { nameOf, readText } from '../../documents/read-text';
import { documentFault, EXIT, Fault } from '../../faults';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { workflowListView } from '../../views/workflow';

export const command: CommandDefinition<RequestedByOption> = {
  description:
    'Adds steps to a workflow that runs. FILE is JSON or YAML, or - for standard input: tasks as for "workflow run", and dependencies on ' +
    'each other and on steps of the workflow. Steps that it has already are left as they are, so it is safe to repeat. Everything that ' +
    'is wrong is listed at once with its place, exit 2; then nothing is added.',
  examples: [
    {
      command: 'swarmctl workflow add-steps w3-0198c2d4e5f60718293a4b5c6d more.yaml',
      does: 'the steps of a file',
    },
    {
      command: 'make-plan | swarmctl workflow add-steps w3-0198c2d4e5f60718293a4b5c6d -',
      does: 'from another program',
    },
  ],
  configure(command: Command) {
    declareRequestedBy(command);
  },
  run: addSteps,
};

async function addSteps({ args, options, global, io }: Invocation<RequestedByOption>): Promise<number> {
  const [id = '', file = ''] = args;
  const document = parseDocument(file, await readText(file, io));
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = 'steps are an object with tasks, and with dependencies where there are some';
    throw documentFault(`${nameOf(file)} has no steps`, [{ pointer: '', code: 'invalid-type', message }]);
  }
  const by = requestedBy(options, io);
  const body = { ...(by === undefined ? {} : { requestedBy: by }), ...value };
  try {
    const run = await new HttpApi(global.url).post<Workflow>(paths.workflowControl(id, 'steps'), body);
    new Printer(io, global.format).one(workflowListView, run);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof Fault) || error.findings.length === 0) throw error;
    const findings = withLines(document, error.findings);
    throw documentFault(`${nameOf(file)} cannot be used as it is; nothing was added`, findings, error.code);
  }
}
