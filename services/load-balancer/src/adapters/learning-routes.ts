import { FreezeLearning, LearningPage, ListLearningQuery, ResetLearning } from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { z } from 'zod';
import type { Learning } from '../application/learning';

/** What was learned of types of work on classes of swarms: reading it, and what operators do about it. */
export function learningRoutes(learning: Learning): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/learning',
      summary: 'What is learned of types of work on classes of swarms, by type and class',
      description: 'As this replica has learned it; with the last commands, and who gave them and why.',
      tags: ['learning'],
      query: ListLearningQuery,
      reply: LearningPage,
      handler: async ({ query }) => learning.list(query),
    }),
    command(
      'freeze',
      'Learn nothing more until it is unfrozen: what is known is used on, and does not fade',
      FreezeLearning,
      (asked) => learning.freeze(asked),
    ),
    command('unfreeze', 'Learn on', FreezeLearning, (asked) => learning.unfreeze(asked)),
    command(
      'reset',
      'Forget what was learned of a type, of a class, of a type on a class, or everything',
      ResetLearning,
      (asked) => learning.reset(asked),
    ),
  ];
}

/** It holds for all replicas. */
function command<S extends z.ZodType<{ requestedBy?: string | undefined }>>(
  verb: string,
  summary: string,
  body: S,
  tell: (asked: z.output<S> & { requestedBy: string }) => Promise<LearningPage>,
): Route {
  return defineRoute({
    ...{ method: 'post', path: `/v1/learning/${verb}`, summary, tags: ['learning'], body },
    reply: LearningPage,
    errors: ['store-unavailable'],
    handler: ({ body: given, peer }) => {
      const asked = given as z.output<S>; // what the body was parsed to
      return tell({ ...asked, requestedBy: asked.requestedBy ?? `http:${peer}` });
    },
  });
}
