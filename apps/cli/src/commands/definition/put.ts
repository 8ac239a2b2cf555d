import type { Command } from 'commander';
import type { DefinitionSummary } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { parseDocument, withLines } from '../../documents/parse';
import { nameOf, readText } from '../../documents/read-text';
import { documentFault, EXIT, Fault } from '../../faults';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { definitionView } from '../../views/definition';

interface Options extends RequestedByOption {
  namespace?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Adds a version to a definition: a workflow that is run by its name. FILE is JSON or YAML, or - for standard input: tasks and ' +
    'dependencies as for "workflow run", and besides description, inputSchema, timeoutMs, concurrency, budget, onFailure. Where the ' +
    'newest version is the same nothing changes. Everything that is wrong is listed at once with its place, exit 2.',
  examples: [
    {
      command: 'swarmctl definition put site-report report.yaml',
      does: 'the first version, or the next one',
    },
    { command: 'make-plan | swarmctl definition put site-report -', does: 'from another program' },
  ],
  configure(command: Command) {
    declareRequestedBy(
      command.option('--namespace <name>', 'the tenant; default unless told'),
      'with the version',
    );
  },
  run: put,
};

async function put({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const [name = '', file = ''] = args;
  const document = parseDocument(file, await readText(file, io));
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = 'a definition is an object with tasks';
    throw documentFault(`${nameOf(file)} is no definition`, [{ pointer: '', code: 'invalid-type', message }]);
  }
  const more = { namespace: options.namespace, requestedBy: requestedBy(options, io) };
  const api = new HttpApi(global.url);
  const body = {
    ...Object.fromEntries(Object.entries(more).filter(([, each]) => each !== undefined)),
    ...value,
  };
  try {
    const view = await api.put<DefinitionSummary>(paths.definition(name), body);
    new Printer(io, global.format).one(definitionView, view);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'invalid-workflow') throw error;
    const findings = withLines(document, error.findings);
    throw documentFault(`${nameOf(file)} cannot be used as it is; nothing was stored`, findings);
  }
}
