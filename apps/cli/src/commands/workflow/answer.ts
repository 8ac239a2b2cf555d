import type { Command } from 'commander';
import type { Invocation } from '../../command';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { tell } from './tell';

export interface AnswerOptions extends RequestedByOption {
  note?: string;
}

export function declareAnswer(command: Command): void {
  declareRequestedBy(command.option('--note <text>', 'what else there is to say: in the output of the step'));
}

/** Answers the approval that a step waits for. */
export function answer(approved: boolean, { options, ...rest }: Invocation<AnswerOptions>): Promise<number> {
  const { note } = options;
  const step = rest.args[1] ?? '';
  return tell('approve', rest, { step, approved, note, requestedBy: requestedBy(options, rest.io) });
}
