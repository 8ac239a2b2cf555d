import type { Command } from 'commander';
import { collect } from './repeatable';

/** For commands that read archives in place of a live system. */
export function archiveOptions(command: Command): Command {
  return command
    .option(
      '--archive <file>',
      'read this archive, or those of a directory, and no live system; may be repeated',
      collect,
    )
    .option('--partial', 'with --archive: read what is whole of a file that is damaged or not complete');
}
