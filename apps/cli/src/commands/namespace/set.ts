import type { Command } from 'commander';
import { NamespaceSettings, parse, type NamespaceView } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { parseDocument, withLines } from '../../documents/parse';
import { nameOf, readText } from '../../documents/read-text';
import { documentFault, EXIT, usageFault } from '../../faults';
import type { Io } from '../../io';
import { integerOption } from '../../options/repeatable';
import { Printer } from '../../output/printer';
import { namespaceView } from '../../views/namespace';
import { asksForChanges, changed, declareChanges, type ChangeOptions } from './settings-change';

interface Options extends ChangeOptions {
  file?: string;
  ifRevision?: number;
  dryRun?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Sets what holds for a namespace. Options change single settings and leave the others; --file replaces all of them. ' +
    'It counts from the next placement on; what runs already goes on. Somebody else changing them at the same moment is exit 5.',
  examples: [
    { command: 'swarmctl namespace set shop --weight 3', does: 'three turns for each one of others' },
    {
      command:
        "swarmctl namespace set shop --limit 200 --key-limit 'customer:*=10' --key-limit model:gpt=50/1s",
      does: 'at most 200 at a time, 10 of each customer; 50 starts a second of those with the limit key model:gpt',
    },
    {
      command: 'swarmctl namespace set shop --limit none --retention 7d',
      does: 'take its limit off, keep ended tasks for a week',
    },
    {
      command: 'swarmctl namespace set shop --file shop.yaml --if-revision 4',
      does: 'exactly what the file says, if nobody has changed it since revision 4',
    },
  ],
  configure(command: Command) {
    declareChanges(command);
    command
      .option('--file <file>', 'all settings, JSON or YAML; - is standard input')
      .option(
        '--if-revision <n>',
        'only if the settings still have this revision',
        integerOption('--if-revision', 0, Number.MAX_SAFE_INTEGER),
      )
      .option('--dry-run', 'check and print what would be set');
  },
  run: set,
};

async function set({ args, options, global, io }: Invocation<Options>): Promise<number> {
  if ((options.file === undefined) !== asksForChanges(options))
    throw usageFault('either --file, or options for single settings', 'see "swarmctl namespace set --help"');
  const api = new HttpApi(global.url);
  const path = paths.namespace(args[0] ?? '');
  const wanted =
    options.file === undefined
      ? await changedSettings(api, path, options)
      : { settings: await settingsOf(options.file, io), revision: options.ifRevision };
  if (options.dryRun) {
    io.stdout.write(`${JSON.stringify(wanted.settings, null, 2)}\n`);
    return EXIT.ok;
  }
  const { revision } = wanted;
  const onlyIf = revision === undefined ? {} : { ifMatch: `"${revision}"` };
  const view = await api.put<NamespaceView>(path, wanted.settings, onlyIf);
  new Printer(io, global.format).one(namespaceView, view);
  return EXIT.ok;
}

interface Wanted {
  settings: NamespaceSettings;
  /** The one that it replaces; undefined: whichever. */
  revision: number | undefined;
}

/** What was read is changed and sent back under its revision, so that no change of somebody else gets lost. */
async function changedSettings(api: HttpApi, path: string, options: Options): Promise<Wanted> {
  const { namespace: _namespace, revision, ...before } = await api.get<NamespaceView>(path);
  return { settings: changed(before, options), revision: options.ifRevision ?? revision };
}

async function settingsOf(file: string, io: Io): Promise<NamespaceSettings> {
  const document = parseDocument(file, await readText(file, io));
  const parsed = parse(NamespaceSettings, document.value);
  if (parsed.ok) return parsed.value;
  const findings = withLines(document, parsed.findings);
  throw documentFault(
    `${nameOf(file)} cannot be used as it is; nothing was set`,
    findings,
    'invalid-request',
  );
}
