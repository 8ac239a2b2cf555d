import {
  LIMITS,
  MultiswarmError,
  Namespace,
  NamespacePage,
  NamespaceSettings,
  NamespaceView,
} from '@multiswarm/contracts';
import { defineRoute, type HttpReply, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';

const Params = z.object({ namespace: Namespace });
export const ListNamespacesQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50),
  cursor: Namespace.optional(),
});

/** What was read can be sent back as it is: its revision counts only in `If-Match`. */
const Replacement = NamespaceSettings.extend({
  namespace: Namespace.optional(),
  revision: z.number().optional(),
});

/** Weights, limits, retention: what platform engineers set for each namespace. */
export function namespaceRoutes({ namespaces }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/namespaces',
      summary: 'Namespaces that have settings of their own, by name',
      tags: ['namespaces'],
      query: ListNamespacesQuery,
      reply: NamespacePage,
      handler: ({ query }) => namespaces.list(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/namespaces/:namespace',
      summary:
        'Settings of one namespace, with their revision as ETag; the defaults where nobody has set any',
      tags: ['namespaces'],
      params: Params,
      reply: NamespaceView,
      handler: async ({ params }) => withRevision(await namespaces.get(params.namespace)),
    }),
    defineRoute({
      method: 'put',
      path: '/v1/namespaces/:namespace',
      summary: 'Set weights, limits and retention of a namespace, replacing all that was set before',
      description:
        'With `If-Match` it is refused (412 `revision-conflict`) where the settings are not those of that ETag any more.',
      tags: ['namespaces'],
      params: Params,
      body: Replacement,
      reply: NamespaceView,
      errors: ['revision-conflict'],
      handler: async ({ params: { namespace }, body, headers }) => {
        const { namespace: named, revision: _read, ...settings } = body;
        if (named !== undefined && named !== namespace) throw otherNamespace(named, namespace);
        const ifRevision = revisionOf(headers['if-match']);
        const wanted = { namespace, settings, ...(ifRevision === undefined ? {} : { ifRevision }) };
        return withRevision(await namespaces.put(wanted));
      },
    }),
  ];
}

function otherNamespace(named: string, namespace: string): MultiswarmError {
  const message = `these are settings of "${named}", and the path is that of "${namespace}"`;
  return new MultiswarmError('invalid-request', message, {
    findings: [{ pointer: '/namespace', code: 'namespace', message }],
  });
}

function withRevision(body: NamespaceView): HttpReply<NamespaceView> {
  return { status: 200, headers: { etag: `"${body.revision}"` }, body };
}

/** `If-Match: "3"`; `*` asks for nothing, since every namespace has settings. */
function revisionOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const match = /^\s*"(\d{1,15})"\s*$/.exec(header);
  if (match) return Number(match[1]);
  const message = 'If-Match must be the ETag of a read, such as "3"';
  throw new MultiswarmError('invalid-request', message, {
    findings: [{ pointer: '/headers/if-match', code: 'etag', message }],
  });
}
