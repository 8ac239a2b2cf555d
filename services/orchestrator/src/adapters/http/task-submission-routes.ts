import { Accepted, BatchReply, BatchSubmission, LIMITS, TaskSubmission } from '@multiswarm/contracts';
import { defineRoute, type HttpReply, type Route } from '@multiswarm/service';
import type { Orchestrator } from '../../application/orchestrator';
import { batchTraces } from '../bus/client-face';
import { described, PAYLOAD_ERRORS, withKey, withoutKey } from './bodies';

/** Tasks on their way in. Bodies are checked by the intake, which knows the spelling with underscores too. */
export function taskSubmissionRoutes({ gateway }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/tasks',
      summary: 'Submit a task',
      description:
        'Accepted means committed: it survives every crash from here on. `Idempotency-Key` (or `idempotencyKey` in the body) makes a repetition harmless.',
      tags: ['tasks'],
      body: described(TaskSubmission),
      reply: Accepted,
      status: 202,
      errors: [
        'invalid-request',
        'input-too-large',
        ...PAYLOAD_ERRORS,
        'idempotency-conflict',
        'shard-unavailable',
        'store-unavailable',
      ],
      handler: async ({ body, headers, traceparent }): Promise<HttpReply<Accepted>> => {
        const accepted = await gateway.submitTask(withKey(body, headers['idempotency-key']), traceparent);
        return { status: 202, headers: { location: `/v1/tasks/${accepted.id}` }, body: accepted };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/tasks/batch',
      summary: `Submit up to ${LIMITS.BATCH_TASKS} tasks`,
      description:
        'Each item is accepted or refused by itself; `results` keeps the order. Each has an `idempotencyKey` of its own, where it is to be harmless to repeat.',
      tags: ['tasks'],
      body: BatchSubmission,
      bodyLimitBytes: LIMITS.HTTP_BATCH_BODY_BYTES,
      reply: BatchReply,
      status: 202,
      errors: ['invalid-request', 'body-too-large'],
      handler: ({ body, headers, traceparent }) => {
        withoutKey(headers['idempotency-key']);
        return gateway.submitBatch(body.tasks, batchTraces(traceparent));
      },
    }),
  ];
}
