import type { GlobalOptions } from '../command';
import { usageFault } from '../faults';
import type { Io } from '../io';

/** Asks for a yes before something that cannot be undone. Without a terminal, or with --no-input, only --yes is a yes. */
export async function confirm(question: string, global: GlobalOptions, io: Io): Promise<boolean> {
  if (global.yes) return true;
  if (!global.mayAsk) throw usageFault(`${question}: needs a yes`, 'say --yes');
  io.stderr.write(`${question}? [y/N] `);
  for await (const chunk of io.stdin) return /^\s*y(es)?\s*$/i.test(Buffer.from(chunk).toString('utf8'));
  return false;
}
