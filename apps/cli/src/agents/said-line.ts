import type { TaskContext } from '@multiswarm/sdk';
import type { JsonValue } from '@multiswarm/contracts';

/** `::progress 0.5 half of it`, `::progress nearly there`, `::output {"row":1}`, `::output some words` */
const SAID = /^::(progress|output) (.*)$/s;

/**
 * What a line on stderr of an executable says beside the log: how far it is, or a part of its output. What looks like neither is a
 * line of its log.
 * @returns false for a line of the log
 */
export function isSaid(line: string, ctx: Pick<TaskContext, 'progress' | 'output'>): boolean {
  const [, word, rest = ''] = SAID.exec(line) ?? [];
  if (word === 'output') return wasTaken(() => ctx.output(valueOf(rest)));
  if (word !== 'progress') return false;
  const [, number, text = ''] = /^(\d*\.?\d+)(?: (.*))?$/s.exec(rest) ?? [undefined, undefined, rest];
  const fraction = number === undefined ? undefined : Number(number);
  return wasTaken(() => ctx.progress(fraction, text === '' ? undefined : text));
}

/** JSON, or else text. */
function valueOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue; // what JSON.parse returns is a JSON value
  } catch {
    return text;
  }
}

/** What the SDK refuses (a fraction over 1, a part that is too large) is shown as it was written. */
function wasTaken(say: () => void): boolean {
  try {
    say();
    return true;
  } catch {
    return false;
  }
}
