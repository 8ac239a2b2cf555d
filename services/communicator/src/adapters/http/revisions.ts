import type { IncomingHttpHeaders } from 'node:http';
import { MultiswarmError } from '@multiswarm/contracts';

/** `If-Match: "3"` asks for revision 3, `If-None-Match: *` that there is nothing yet; without both nothing is asked. */
export function wantedRevision(headers: IncomingHttpHeaders): number | undefined {
  if (headers['if-none-match']?.trim() === '*') return 0;
  const header = headers['if-match'];
  if (header === undefined) return undefined;
  const revision = /^\s*"(\d{1,15})"\s*$/.exec(header)?.[1];
  if (revision !== undefined) return Number(revision);
  throw fault('/headers/if-match', 'If-Match must be the ETag of a read, such as "3"');
}

/** Where a reader of a stream of revisions was. */
export function lastRevision(headers: IncomingHttpHeaders): number | undefined {
  const header = headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header);
  throw fault('/headers/last-event-id', 'not an id of this stream: take the last one you received as it is');
}

function fault(pointer: string, message: string): MultiswarmError {
  const findings = [{ pointer, code: 'revision', message }];
  return new MultiswarmError('invalid-request', message, { findings });
}
