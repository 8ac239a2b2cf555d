import {
  Advertise,
  DirectoryEntry,
  DirectoryFilter,
  DirectoryPage,
  LIMITS,
  NamedAdvertisement,
  Namespace,
  SearchDirectory,
  SwarmId,
  WithdrawnAdvertisement,
  type Scalar,
} from '@multiswarm/contracts';
import { defineRoute, defineStreamRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { DirectoryDesk } from '../../application/directory-desk';
import type { Watching } from './watching';

const tags = ['directory'];
const OfSwarm = z.object({ swarmId: SwarmId });
const InNamespace = z.strictObject({ namespace: Namespace.default('default') });
const Pair = z
  .string()
  .max(LIMITS.NAME_CHARS + 1 + LIMITS.METADATA_VALUE_CHARS)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:/-]*=/, 'key=value, such as gb=16');
const attribute = z
  .union([Pair, z.array(Pair).min(1).max(LIMITS.LIST_ITEMS)])
  .optional()
  .describe('key=value, several times for several: of numbers at least, of all else equal, or one of');
const Search = SearchDirectory.omit({ attributes: true }).extend({ attribute });
const Filter = DirectoryFilter.omit({ attributes: true }).extend({ attribute });
const common = ['state-unavailable', 'feature-not-available', 'too-much-contention'] as const;

/** Who can do what, over HTTP. */
export function directoryRoutes(desk: DirectoryDesk, watching: Watching): Route[] {
  return [searchRoute(desk), watchRoute(desk, watching), ...entryRoutes(desk)];
}

function searchRoute(desk: DirectoryDesk): Route {
  return defineRoute({
    method: 'get',
    path: '/v1/directory',
    summary: 'Who has capabilities, in which region, how loaded, at what price',
    description:
      'Swarms are there by their heartbeats, and whatever was advertised. All conditions must hold.',
    tags,
    query: Search,
    reply: DirectoryPage,
    errors: ['state-unavailable'],
    handler: ({ query }) => desk.search(withAttributes(query)),
  });
}

function watchRoute(desk: DirectoryDesk, watching: Watching): Route {
  return defineStreamRoute({
    method: 'get',
    path: '/v1/directory/watch',
    summary: 'What is there and what comes (SSE): events `put` and `delete`',
    description:
      'First comes all that fits, then `synced`, then what changes: an entry that fits now, or fits and is different (`put`), or is ' +
      'gone or does not fit any more (`delete`). A load is told again when it has moved by 0.1, or is 0 or 1. Events have no ids: after a ' +
      'break all that fits comes again, and what does not come until `synced` is gone.',
    tags,
    query: Filter,
    errors: ['too-many-watchers', 'state-unavailable'],
    handler: (_request, response, { query }) =>
      watching.stream(
        response,
        () => Promise.resolve(desk.watch(withAttributes(query))),
        (news) => ({
          event: news.kind,
          data: news.kind === 'put' ? news.entry : news.kind === 'delete' ? { swarmId: news.swarmId } : {},
        }),
      ),
  });
}

function entryRoutes(desk: DirectoryDesk): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/directory/swarms/:swarmId',
      summary: 'What is known of one swarm',
      tags,
      params: OfSwarm,
      query: InNamespace,
      reply: DirectoryEntry,
      errors: ['state-unavailable', 'swarm-not-found'],
      handler: ({ params, query }) => desk.get({ ...params, ...query }),
    }),
    defineRoute({
      method: 'put',
      path: '/v1/directory/swarms/:swarmId',
      summary: 'Advertise what it can do, for a while; the same again renews or replaces it',
      tags,
      params: OfSwarm,
      body: Advertise.omit({ swarmId: true }),
      reply: DirectoryEntry,
      errors: [...common, 'swarm-not-found', 'body-too-large', 'state-full'],
      handler: ({ params, body }) => desk.advertise({ ...params, ...body }),
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/directory/swarms/:swarmId',
      summary: 'Withdraw what was advertised; what heartbeats say stays',
      tags,
      params: OfSwarm,
      query: NamedAdvertisement.omit({ swarmId: true }),
      reply: WithdrawnAdvertisement,
      errors: common,
      handler: ({ params, query }) => desk.withdraw({ ...params, ...query }),
    }),
  ];
}

/** What is a number, or true or false, is taken for that. */
function withAttributes<Q extends { attribute?: string | string[] | undefined }>({
  attribute: given = [],
  ...query
}: Q): Omit<Q, 'attribute'> & { attributes: Record<string, Scalar> } {
  const attributes = [given].flat().map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), valueOf(pair.slice(at + 1))] as const;
  });
  return { ...query, attributes: Object.fromEntries(attributes) };
}

function valueOf(text: string): Scalar {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() === '' || !Number.isFinite(Number(text)) ? text : Number(text);
}
