import {
  DeadLetterDetail,
  DeadLetterPage,
  DeadLetterReply,
  GetDeadLetterQuery,
  ListDeadLettersQuery,
  PurgeDeadLetters,
  RedriveDeadLetters,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { httpWay, named } from '../who-asks';
import { withKey } from './bodies';

const tags = ['dead letters'];

/** What failed for good: look, redrive, purge. */
export function deadLetterRoutes({ deadLetters }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/dead-letters',
      summary: 'Tasks that failed for good or expired, newest first; the first page counts all that match',
      tags,
      query: ListDeadLettersQuery,
      reply: DeadLetterPage,
      handler: ({ query }) => deadLetters.list(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/dead-letters/:id',
      summary: 'One dead letter: why nothing more was tried, its input, attempts and history',
      tags,
      params: GetDeadLetterQuery,
      reply: DeadLetterDetail,
      errors: ['task-not-found', 'dead-letter-not-found'],
      handler: ({ params }) => deadLetters.get(params),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/dead-letters/redrive',
      summary: 'Open dead letters again, as a retry does: some by their ids, or all that match',
      description:
        'Each is answered by itself. With the same `Idempotency-Key` (or `idempotencyKey` in the body) a repetition redrives no task a second time.',
      tags,
      body: RedriveDeadLetters,
      reply: DeadLetterReply,
      handler: ({ body, headers, peer }) => {
        const asked = withKey(body, headers['idempotency-key']) as z.output<typeof RedriveDeadLetters>;
        return deadLetters.redrive(named(asked, httpWay(peer)));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/dead-letters/purge',
      summary: 'Take dead letters off the list; tasks and histories stay until their retention has passed',
      tags,
      body: PurgeDeadLetters,
      reply: DeadLetterReply,
      handler: ({ body, peer }) => deadLetters.purge(named(body, httpWay(peer))),
    }),
  ];
}
