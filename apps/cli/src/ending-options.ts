import { Option, type Command } from 'commander';
import { durationOption } from './global-options';

/** How the swarms of a process end. */
export function addEndingOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--grace <duration>', 'from SIGTERM to SIGKILL when cancelled')
        .argParser(durationOption)
        .default(5_000, '5s'),
    )
    .addOption(
      new Option('--drain <duration>', 'how long running attempts may go on after SIGTERM')
        .argParser(durationOption)
        .default(30_000, '30s'),
    );
}
