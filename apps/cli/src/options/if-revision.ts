import type { Command } from 'commander';
import { integerOption } from './repeatable';

export interface IfRevisionOption {
  ifRevision?: number;
}

export function declareIfRevision(command: Command): Command {
  return command.option(
    '--if-revision <n>',
    'only where this is its revision; 0: only where there is none',
    integerOption('--if-revision', 0, Number.MAX_SAFE_INTEGER),
  );
}

/** As `If-Match` says it. */
export function onlyIf({ ifRevision }: IfRevisionOption): { ifMatch?: string } {
  return ifRevision === undefined ? {} : { ifMatch: `"${ifRevision}"` };
}
