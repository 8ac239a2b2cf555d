import { Accepted, DefinitionRun, ValidationReply, WorkflowSubmission } from '@multiswarm/contracts';
import { defineRoute, type HttpReply, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { described, PAYLOAD_ERRORS, withKey } from './bodies';

const Submission = z.union([WorkflowSubmission, DefinitionRun]);

/** Workflows on their way in. */
export function workflowSubmissionRoutes({ gateway }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/workflows',
      summary:
        'Submit a workflow: `tasks`, and `dependencies` by step; or run a definition: `definition`, `version`',
      tags: ['workflows'],
      body: described(Submission),
      reply: Accepted,
      status: 202,
      errors: [
        'invalid-workflow',
        'definition-not-found',
        'input-too-large',
        'idempotency-conflict',
        ...PAYLOAD_ERRORS,
      ],
      handler: async ({ body, headers, traceparent }): Promise<HttpReply<Accepted>> => {
        const accepted = await gateway.submitWorkflow(withKey(body, headers['idempotency-key']), traceparent);
        return { status: 202, headers: { location: `/v1/workflows/${accepted.id}` }, body: accepted };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/workflows/validate',
      summary:
        'Every finding about a workflow at once, and what the present fleet could not run; stores nothing',
      tags: ['workflows'],
      body: described(Submission),
      reply: ValidationReply,
      handler: ({ body }) => gateway.validate(body),
    }),
  ];
}
