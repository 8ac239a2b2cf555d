import type { Command } from 'commander';
import type { Io } from '../io';
import { userIn } from './user';

export interface RequestedByOption {
  requestedBy?: string;
}

/** @param kept where the name is to be found again */
export function declareRequestedBy(command: Command, kept = 'in the history'): Command {
  return command.option('--requested-by <name>', `who asks, kept ${kept} (default: the name of the user)`);
}

/** Without a name the server tells the way on which the request came. */
export function requestedBy(given: RequestedByOption, io: Io): string | undefined {
  return given.requestedBy ?? userIn(io.env);
}
