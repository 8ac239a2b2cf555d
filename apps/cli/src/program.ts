import { Command } from 'commander';
import type { CommandDefinition } from './command';
import { COMMANDS, NOUNS, type CommandRow } from './command-table';
import { addGlobalOptions, readGlobalOptions } from './global-options';
import type { Io } from './io';

export interface Program {
  root: Command;
  /** The exit code of the command that ran. */
  exitCode(): number;
}

/**
 * The whole command line; the file of a command is loaded when its name was met.
 * @param version undefined where a command comes first: then `--version` is an option of that command, if it has it
 */
export function buildProgram(io: Io, version: string | undefined): Program {
  let exitCode = 0;
  const root = new Command('swarmctl');
  root
    .description('Durable work on fleets of AI agents, from the command line')
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError(false)
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // The fault is reported once, by whoever catches it.
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  if (version !== undefined) root.version(version, '-V, --version', 'print the version');
  addGlobalOptions(root);
  root.addHelpText('after', ROOT_HELP);

  const rows = new Map<Command, CommandRow>();
  const nouns = new Map<string, Command>();
  const configureOnUse = (_parent: Command, met: Command): void => {
    const row = rows.get(met);
    if (row) configure(met, row.load().command, (code) => (exitCode = code), root, io);
  };
  root.hook('preSubcommand', configureOnUse);
  for (const row of COMMANDS) {
    const [first, verb] = row.path;
    const parent = verb === undefined ? root : nounCommand(root, nouns, first, configureOnUse);
    const leaf = parent.command([verb ?? first, row.args].filter(Boolean).join(' '));
    rows.set(leaf.summary(row.summary).allowExcessArguments(false), row);
  }
  addHelpCommand(root);
  return { root, exitCode: () => exitCode };
}

function nounCommand(
  root: Command,
  nouns: Map<string, Command>,
  name: string,
  onUse: (parent: Command, met: Command) => void,
): Command {
  const known = nouns.get(name);
  if (known) return known;
  const noun = root
    .command(name)
    .description(NOUNS[name] ?? '')
    .helpCommand(false)
    .hook('preSubcommand', onUse)
    .addHelpText('after', `\nExamples and options of one of them: swarmctl ${name} <command> --help`);
  nouns.set(name, noun);
  return noun;
}

function configure(
  leaf: Command,
  definition: CommandDefinition,
  setExitCode: (code: number) => void,
  root: Command,
  io: Io,
): void {
  leaf.description(definition.description);
  definition.configure(leaf);
  leaf.configureHelp({ showGlobalOptions: true });
  const examples = definition.examples.map(({ command, does }) => `  # ${does}\n  ${command}`);
  leaf.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
  leaf.action(async () => {
    const global = readGlobalOptions(root, io, definition.draws);
    setExitCode(await definition.run({ args: leaf.args, options: leaf.opts(), global, io }));
  });
}

/** `swarmctl help task submit` is `swarmctl task submit --help`. */
function addHelpCommand(root: Command): void {
  root
    .command('help [command...]')
    .summary('help for a command')
    .action(async (path: string[]) => {
      await root.parseAsync([...path, '--help'], { from: 'user' });
    });
}

const ROOT_HELP = `
Exit codes:
  0 ok   1 the work failed   2 usage   3 not found   4 not allowed   5 conflict   6 timed out   7 unavailable

Start here:
  swarmctl dev --demo                     # everything on this machine, and a workflow to watch
  swarmctl task submit report --wait      # one task, and its result
  swarmctl workflow run plan.yaml --wait  # steps that wait for each other
  swarmctl doctor                         # when something does not work`;
