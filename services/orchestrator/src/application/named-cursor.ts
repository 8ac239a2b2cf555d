import { MultiswarmError } from '@multiswarm/contracts';

/** Something that has a name within its namespace. */
interface Named {
  namespace: string;
  name: string;
}

/** Where a page of a list by names ends. */
export function encodeNamed({ namespace, name }: Named): string {
  return Buffer.from(`${namespace}/${name}`).toString('base64url');
}

/** @throws MultiswarmError `invalid-request` */
export function decodeNamed(cursor: string | undefined): Named | undefined {
  if (cursor === undefined) return undefined;
  const match = /^([A-Za-z0-9_-]+)\/(.+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (match?.[1] !== undefined && match[2] !== undefined) return { namespace: match[1], name: match[2] };
  const message = 'not a cursor of this list: take "next" of the page before as it is';
  throw new MultiswarmError('invalid-request', `/query/cursor: ${message}`, {
    findings: [{ pointer: '/query/cursor', code: 'cursor', message }],
  });
}
