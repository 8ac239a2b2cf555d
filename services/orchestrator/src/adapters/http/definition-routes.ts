import {
  Definition,
  DefinitionPage,
  DefinitionSummary,
  DeleteDefinition,
  DeletedDefinition,
  GetDefinitionQuery,
  ListDefinitionsQuery,
  ListVersionsQuery,
  Name,
  PutDefinitionBody,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { httpWay, named } from '../who-asks';
import { described } from './bodies';

const Params = z.object({ name: Name });

/** Named workflows, in versions. */
export function definitionRoutes({ definitions }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/definitions',
      summary: 'Definitions by namespace and name, each in its newest version, without bodies',
      tags: ['definitions'],
      query: ListDefinitionsQuery,
      reply: DefinitionPage,
      handler: ({ query }) => definitions.list(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/definitions/:name',
      summary: 'A version of a definition with its body; the newest, unless told',
      tags: ['definitions'],
      params: Params,
      query: GetDefinitionQuery.omit({ name: true }),
      reply: Definition,
      errors: ['definition-not-found'],
      handler: ({ params, query }) => definitions.get({ ...params, ...query }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/definitions/:name/versions',
      summary: 'All versions of a definition, newest first, without bodies',
      tags: ['definitions'],
      params: Params,
      query: ListVersionsQuery.omit({ name: true }),
      reply: DefinitionPage,
      errors: ['definition-not-found'],
      handler: ({ params, query }) => definitions.versions({ ...params, ...query }),
    }),
    defineRoute({
      method: 'put',
      path: '/v1/definitions/:name',
      summary: 'Add a version to a definition; the newest one is answered where it is the same',
      description: 'A version never changes. Everything that is wrong with the body is listed at once.',
      tags: ['definitions'],
      params: Params,
      body: described(PutDefinitionBody),
      reply: DefinitionSummary,
      errors: ['invalid-workflow', 'body-too-large'],
      handler: ({ params, body, peer }) => definitions.put(params.name, body, httpWay(peer)),
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/definitions/:name',
      summary: 'Delete a definition with all its versions; runs keep what they run',
      tags: ['definitions'],
      params: Params,
      query: DeleteDefinition.omit({ name: true }),
      reply: DeletedDefinition,
      errors: ['definition-not-found'],
      handler: ({ params, query, peer }) => definitions.remove(named({ ...params, ...query }, httpWay(peer))),
    }),
  ];
}
