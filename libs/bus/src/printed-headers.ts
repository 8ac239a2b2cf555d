import { MultiswarmError } from '@multiswarm/contracts';
import type { MsgHdrs } from '@nats-io/transport-node';
import { sendable } from './wire-headers';

const FIRST_LINE = 'NATS/1.0\r\n';
const LINE_BREAK = /[\r\n]/;

/**
 * Headers that are only sent: printed at once. Those of the client look for each name among all others whenever one is set, and
 * cost more than everything else about a small message. Throws `invalid-request` for a value with a line break.
 */
export function printedHeaders(entries: Readonly<Record<string, string>>): MsgHdrs {
  let text = FIRST_LINE;
  for (const name in entries) text += `${name}: ${entries[name] ?? ''}\r\n`;
  // One look at all of it: a break inside of a value leaves more lines than there are names.
  if (breaks(text) !== Object.keys(entries).length + 1) throw broken(entries);
  return sendable(Buffer.from(`${text}\r\n`));
}

/** The same of lines that somebody has printed: ASCII, each ended by CR LF. */
export function linedHeaders(lines: string): MsgHdrs {
  return sendable(Buffer.from(`${FIRST_LINE}${lines}\r\n`, 'latin1'));
}

function breaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1))
    if (text[at + 1] !== '\n') return -1;
  return count;
}

function broken(entries: Readonly<Record<string, string>>): MultiswarmError {
  const name = Object.keys(entries).find((each) => LINE_BREAK.test(`${each}${entries[each] ?? ''}`)) ?? '';
  return new MultiswarmError('invalid-request', `the header "${name.slice(0, 64)}" has a line break`);
}
