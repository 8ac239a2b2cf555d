import { CommanderError } from 'commander';
import type { Io } from './io';
import { EXIT, type Fault, usageFault } from './faults';
import { isForPrograms } from './output/format';
import { buildProgram } from './program';
import { reportFault, toFault } from './report-fault';

/** Runs one command line (without node and script) and returns its exit code; never throws. */
export async function runCli(argv: readonly string[], io: Io, version: string): Promise<number> {
  const program = buildProgram(io, argv[0] === undefined || argv[0].startsWith('-') ? version : undefined);
  try {
    await program.root.parseAsync([...argv], { from: 'user' });
    return program.exitCode();
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) return helpExit(error);
    const fault = error instanceof CommanderError ? fromCommander(error) : toFault(error);
    reportFault(fault, io, wantsJson(argv));
    return fault.exit;
  }
}

function isHelp(error: CommanderError): boolean {
  return ['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(error.code);
}

/** Help that was asked for is a success; help because a word is missing is not. */
function helpExit(error: CommanderError): number {
  return error.code === 'commander.help' ? EXIT.usage : EXIT.ok;
}

function fromCommander(error: CommanderError): Fault {
  const [sentence = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest
    .join(' ')
    .replace(/^\(|\)$/g, '')
    .trim();
  return usageFault(sentence, suggestion === '' ? 'swarmctl --help lists the commands' : suggestion);
}

/** What `-o` says, read without a parser, because the parser may be what failed. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => {
    const joined = /^(?:--output=|-o=?)(\w+)$/.exec(word)?.[1];
    if (joined !== undefined) return isForPrograms(joined);
    return (word === '-o' || word === '--output') && isForPrograms(argv[index + 1] ?? '');
  });
}
