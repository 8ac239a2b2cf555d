import {
  Accepted,
  AddStepsRequest,
  ApproveRequest,
  CancelRequest,
  PauseRequest,
  RerunWorkflowRequest,
  ResumeRequest,
  SignalWorkflowRequest,
  Workflow,
  type ErrorCode,
} from '@multiswarm/contracts';
import { defineRoute, type HttpReply, type Route } from '@multiswarm/service';
import type { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { httpWay, named } from '../who-asks';
import { withKey } from './bodies';
import { WorkflowParams } from './workflow-routes';

/** What people, and agents, tell a run. */
export function workflowControlRoutes({ workflows }: Orchestrator): Route[] {
  const tell = <S extends z.ZodType<{ requestedBy?: string | undefined }>>(
    verb: string,
    summary: string,
    body: S,
    errors: ErrorCode[],
    handler: (asked: z.output<S> & { id: string; requestedBy: string }) => Promise<Workflow>,
  ): Route =>
    defineRoute({
      ...{ method: 'post', path: `/v1/workflows/:id/${verb}`, summary, tags: ['workflows'] },
      ...{ params: WorkflowParams, body, reply: Workflow, status: 202 },
      errors: ['workflow-not-found', ...errors],
      handler: ({ params, body: asked, peer }) =>
        handler({ ...named(asked as z.output<S>, httpWay(peer)), id: params.id }),
    });
  return [
    tell(
      'cancel',
      'Cancel a workflow and every step that has not ended',
      CancelRequest.prefault({}),
      [],
      (asked) => workflows.cancel(asked),
    ),
    tell(
      'pause',
      'Start no further step until it is resumed',
      PauseRequest.prefault({}),
      ['wrong-state'],
      (asked) => workflows.pause(asked),
    ),
    tell('resume', 'Go on', ResumeRequest.prefault({}), ['wrong-state'], (asked) => workflows.resume(asked)),
    tell(
      'signal',
      'Signal every step that waits for the name, or the one that is named',
      SignalWorkflowRequest,
      ['wrong-state', 'step-not-found'],
      (asked) => workflows.signal(asked),
    ),
    tell(
      'approve',
      'Answer an approval; `approved: false` refuses it',
      ApproveRequest,
      ['wrong-state', 'step-not-found', 'approval-not-allowed'],
      (asked) => workflows.approve(asked),
    ),
    tell(
      'steps',
      'Add steps to a run that goes on; those that it has already are left as they are',
      AddStepsRequest,
      ['wrong-state', 'invalid-workflow', 'run-too-large'],
      (asked) => workflows.addSteps(asked),
    ),
    defineRoute({
      method: 'post',
      path: '/v1/workflows/:id/rerun',
      summary: 'Run it again: whole, from some steps, what has not succeeded, or from a point of its history',
      tags: ['workflows'],
      params: WorkflowParams,
      body: RerunWorkflowRequest.prefault({}),
      reply: Accepted,
      status: 202,
      errors: ['workflow-not-found', 'step-not-found', 'idempotency-conflict'],
      handler: async ({ params, body, headers, traceparent }): Promise<HttpReply<Accepted>> => {
        const asked = RerunWorkflowRequest.parse(withKey(body, headers['idempotency-key']));
        const accepted = await workflows.rerun({ ...asked, id: params.id }, traceparent);
        return { status: 202, headers: { location: `/v1/workflows/${accepted.id}` }, body: accepted };
      },
    }),
  ];
}
