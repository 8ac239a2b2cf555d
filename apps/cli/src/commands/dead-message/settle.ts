import type { Command } from 'commander';
import { LIMITS, type DeadMessageReply } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { GlobalOptions, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import type { Io } from '../../io';
import { confirm } from '../../options/confirm';
import { integerOption } from '../../options/repeatable';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { deadMessageResultView } from '../../views/dead-message';
import { sumText } from '../../views/dead-letter';
import { conditionsOf, declareConditions, type ConditionOptions } from './conditions';

export interface SettleOptions extends ConditionOptions, RequestedByOption {
  all?: boolean;
  limit?: number;
  cursor?: number;
  dryRun?: boolean;
  reason?: string;
}

export type SettleVerb = 'redrive' | 'purge';

export function declareSettling(command: Command): void {
  declareConditions(command);
  command
    .option('--all', 'every dead message, in place of numbers and conditions')
    .option(
      '--limit <n>',
      `of those that match at most so many, oldest first (default ${LIMITS.DEAD_LETTERS_BY_DEFAULT})`,
      integerOption('--limit', 1, LIMITS.DEAD_LETTERS_AT_ONCE),
    )
    .option(
      '--cursor <cursor>',
      'of those that match, go on where the last run ended',
      integerOption('--cursor', 1, Number.MAX_SAFE_INTEGER),
    )
    .option('--dry-run', 'only tell what would happen')
    .option('--reason <text>', 'kept with what is sent again, and in the log');
  declareRequestedBy(command, 'with it');
}

/** Redrives or purges: one or some by their numbers, or those that match. For more than one it needs a yes. */
export async function settle(
  verb: SettleVerb,
  { args, options, global, io }: Invocation<SettleOptions>,
): Promise<number> {
  const api = new HttpApi(global.communicator);
  const body = bodyOf(args, options, io);
  const ask = (dryRun: boolean): Promise<DeadMessageReply> =>
    api.post<DeadMessageReply>(paths.deadMessagesControl(verb), { ...body, dryRun });
  if (!options.dryRun && args.length !== 1 && !(await agreed(verb, ask, global, io))) return EXIT.ok;
  const reply = await ask(options.dryRun === true);
  print(verb, reply, global, io);
  return reply.refused > 0 && !reply.dryRun ? EXIT.conflict : EXIT.ok;
}

/** Which ones is said in exactly one way; the server says the same of what is left. */
function bodyOf(args: readonly string[], options: SettleOptions, io: Io): Record<string, unknown> {
  const filter = conditionsOf(options, io);
  const ways = [args.length > 0, filter !== undefined, options.all === true].filter(Boolean).length;
  if (ways !== 1)
    throw usageFault(
      ways === 0 ? 'which ones?' : 'numbers, conditions and --all exclude each other',
      'give numbers, conditions such as --to, or --all',
    );
  const { limit, cursor, reason } = options;
  const seqs = args.map(integerOption('SEQ', 1, Number.MAX_SAFE_INTEGER));
  const target = seqs.length > 0 ? { seqs } : filter === undefined ? { all: true } : { filter };
  return { ...target, limit, cursor, reason, requestedBy: requestedBy(options, io) };
}

/** Tells how many it would be before it asks. */
async function agreed(
  verb: SettleVerb,
  ask: (dryRun: boolean) => Promise<DeadMessageReply>,
  global: GlobalOptions,
  io: Io,
): Promise<boolean> {
  if (global.yes) return true;
  const { done, next } = await ask(true);
  if (done === 0) return true; // nothing is changed: the answer says why
  const more = next === null ? '' : ', and there are more';
  return confirm(`${verb} ${done} dead message${done === 1 ? '' : 's'}${more}`, global, io);
}

function print(verb: SettleVerb, reply: DeadMessageReply, global: GlobalOptions, io: Io): void {
  const printer = new Printer(io, global.format);
  if (global.format === 'json' || global.format === 'yaml') printer.one(replyView, reply);
  else printer.list(deadMessageResultView, reply.items, reply.next);
  io.stderr.write(`${sumText(verb, reply)}\n`);
  if (reply.next !== null) io.stderr.write(`there are more: --cursor ${reply.next} goes on with them\n`);
}

/** Programs get the whole answer. */
const replyView = { name: () => '', columns: () => [], none: '' };
