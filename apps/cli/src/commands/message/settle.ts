import type { Command } from 'commander';
import type { MailSettled } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Example, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { isText, Printer } from '../../output/printer';

/** Who takes and settles, unless told. */
export const READER = 'swarmctl';

export interface SettleOptions extends NamespaceOption {
  reader: string;
}

type Verb = 'ack' | 'nak' | 'extend' | 'release';

export function declareSettling(command: Command): Command {
  return declareNamespace(command).option('--reader <name>', 'the name under which they were taken', READER);
}

/** Tells a mailbox what became of messages; exit 3 where it knows none of them any more. */
export async function settle<O extends SettleOptions>(
  verb: Verb,
  { args: [mailbox = '', ...given], options, global, io }: Invocation<O>,
  more: (seqs: number[]) => object = (seqs) => ({ seqs }),
): Promise<number> {
  const seqs = given.map(seqOf);
  const { namespace, reader } = options;
  const settled = await new HttpApi(global.communicator).post<MailSettled>(paths.mailboxVerb(mailbox, verb), {
    ...{ namespace, reader },
    ...more(seqs),
  });
  const { unknown } = settled;
  if (!isText(global.format) && global.format !== 'name')
    new Printer(io, global.format).one(settledView, settled);
  const names = unknown.length === 0 ? '' : `: ${unknown.join(', ')}`;
  io.stderr.write(`${DONE[verb]} ${seqs.length - unknown.length}, unknown ${unknown.length}${names}\n`);
  return unknown.length === seqs.length ? EXIT.notFound : EXIT.ok;
}

/** A command that says one thing of messages by their numbers. */
export function settling(
  verb: Verb,
  description: string,
  examples: readonly Example[],
): CommandDefinition<SettleOptions> {
  return {
    description: `${description} SEQ is their number in "swarmctl message pull". Exit 3 when the mailbox knows none of them any more.`,
    examples,
    configure: (command) => void declareSettling(command),
    run: (invocation) => settle(verb, invocation),
  };
}

const DONE = { ack: 'acknowledged', nak: 'refused', extend: 'extended', release: 'given back' } as const;
const settledView = { name: () => '', columns: () => [], none: '' };

function seqOf(text: string): number {
  const seq = Number(text);
  if (Number.isSafeInteger(seq) && seq > 0) return seq;
  throw usageFault(`"${text}" is no SEQ`, 'it is the number that "swarmctl message pull" prints first');
}
