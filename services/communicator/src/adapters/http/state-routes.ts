import {
  ListState,
  ListStateBuckets,
  LIMITS,
  Namespace,
  ReadState,
  RemovedState,
  StateBucketName,
  StateBucketOptions,
  StateBucketPage,
  StateBucketView,
  StateEntry,
  StateFilter,
  StateHistory,
  StateKey,
  StateKeyPage,
  StateRevision,
  WriteState,
} from '@multiswarm/contracts';
import { defineRoute, defineStreamRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { SharedState } from '../../application/shared-state';
import { lastRevision, wantedRevision } from './revisions';
import type { Watching } from './watching';

const tags = ['state'];
const InBucket = z.object({ bucket: StateBucketName });
const OfKey = z.object({ bucket: StateBucketName, key: StateKey });
const Watched = z.object({ bucket: StateBucketName, key: StateFilter });
const InNamespace = z.strictObject({ namespace: Namespace.default('default') });
/** A value as JSON is a little longer than the value in a body of its own. */
const BODY_BYTES = LIMITS.STATE_VALUE_BYTES + 4_096;
const common = ['state-unavailable', 'feature-not-available'] as const;

/** Shared state over HTTP: the revision of a key is its ETag. */
export function stateRoutes(state: SharedState, watching: Watching): Route[] {
  return [...bucketRoutes(state), ...keyRoutes(state), watchRoute(state, watching)];
}

function bucketRoutes(state: SharedState): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/state',
      summary: 'The buckets of shared state of a namespace',
      tags,
      query: ListStateBuckets,
      reply: StateBucketPage,
      errors: common,
      handler: ({ query }) => state.buckets(query),
    }),
    defineRoute({
      method: 'put',
      path: '/v1/state/:bucket',
      summary: 'Make a bucket; the first write makes one with the defaults by itself',
      tags,
      params: InBucket,
      query: InNamespace,
      body: StateBucketOptions,
      reply: StateBucketView,
      errors: [...common, 'state-exists', 'state-full'],
      handler: ({ params, query, body }) => state.make({ ...params, ...query, options: body }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/state/:bucket',
      summary: 'The keys of a bucket in their order, by pattern',
      tags,
      params: InBucket,
      query: ListState.omit({ bucket: true }),
      reply: StateKeyPage,
      errors: common,
      handler: ({ params, query }) => state.list({ ...params, ...query }),
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/state/:bucket',
      summary: 'Remove a bucket with all that is in it',
      tags,
      params: InBucket,
      query: InNamespace,
      reply: RemovedState,
      errors: [...common, 'state-not-found'],
      handler: ({ params, query }) => state.drop({ ...params, ...query }),
    }),
  ];
}

function keyRoutes(state: SharedState): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/state/:bucket/:key',
      summary: 'The value of a key, with its revision as ETag; `revision` asks for an earlier one',
      tags,
      params: OfKey,
      query: ReadState.omit({ bucket: true, key: true }),
      reply: StateEntry,
      errors: [...common, 'state-not-found'],
      handler: async ({ params, query }) => {
        const entry = await state.get({ ...params, ...query });
        return { status: 200, headers: { etag: `"${entry.revision}"` }, body: entry };
      },
    }),
    defineRoute({
      method: 'put',
      path: '/v1/state/:bucket/:key',
      summary: 'Write a value',
      description:
        'With `If-Match` it is refused (412 `revision-conflict`) where the key is not what was read any more; ' +
        '`If-None-Match: *` writes only where there is none. A write without an answer may have happened.',
      tags,
      params: OfKey,
      query: InNamespace,
      body: WriteState.pick({ value: true }),
      bodyLimitBytes: BODY_BYTES,
      reply: StateRevision,
      errors: [...common, 'revision-conflict', 'state-full'],
      handler: async ({ params, query, body, headers }) => {
        const ifRevision = wantedRevision(headers);
        const only = ifRevision === undefined ? {} : { ifRevision };
        const written = await state.put({ ...params, ...query, ...body, ...only });
        return { status: 200, headers: { etag: `"${written.revision}"` }, body: written };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/state/:bucket/:key',
      summary: 'Delete a key; with `If-Match` only where it is what was read',
      tags,
      params: OfKey,
      query: InNamespace,
      reply: RemovedState,
      errors: [...common, 'revision-conflict'],
      handler: ({ params, query, headers }) => {
        const ifRevision = wantedRevision(headers);
        return state.delete({ ...params, ...query, ...(ifRevision === undefined ? {} : { ifRevision }) });
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/state/:bucket/:key/history',
      summary: 'The revisions of a key that are kept, oldest first',
      tags,
      params: OfKey,
      query: InNamespace,
      reply: StateHistory,
      errors: [...common, 'state-not-found'],
      handler: ({ params, query }) => state.history({ ...params, ...query }),
    }),
  ];
}

function watchRoute(state: SharedState, watching: Watching): Route {
  return defineStreamRoute({
    method: 'get',
    path: '/v1/state/:bucket/:key/watch',
    summary: 'What is there and what comes (SSE): events `put` and `delete`, with the revision as id',
    description:
      'The key may be a pattern: `plan.*` or `%3E` for all. `Last-Event-ID` goes on behind that revision: the newest ' +
      'revision of each key comes for sure, older ones as far as the bucket keeps them.',
    tags,
    params: Watched,
    query: InNamespace,
    errors: [...common, 'too-many-watchers'],
    handler: async (request, response, { params, query }) => {
      const { bucket, key } = params;
      const after = lastRevision(request.headers);
      await watching.stream(
        response,
        () => state.watch({ ...query, bucket }, key, after),
        (entry) => ({ event: entry.deleted ? 'delete' : 'put', id: entry.revision, data: entry }),
      );
    },
  });
}
