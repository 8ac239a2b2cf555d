import {
  Accepted,
  CancelRequest,
  PauseRequest,
  RerunRequest,
  ResumeRequest,
  RetryRequest,
  SignalRequest,
  Task,
  TaskId,
} from '@multiswarm/contracts';
import { defineRoute, type HttpReply, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { httpWay, named } from '../who-asks';
import { PAYLOAD_ERRORS, withKey } from './bodies';

const Params = z.object({ id: TaskId });
const common = { method: 'post', tags: ['tasks'], params: Params, status: 202, reply: Task } as const;

/** What people do to tasks that are there. */
export function taskControlRoutes({ control }: Orchestrator): Route[] {
  return [
    defineRoute({
      ...common,
      path: '/v1/tasks/:id/cancel',
      summary: 'Cancel a task; one that runs is told, and ends as cancelled unless it succeeds first',
      body: CancelRequest.prefault({}),
      errors: ['task-not-found'],
      handler: ({ params, body, peer }) => control.cancel({ ...params, ...named(body, httpWay(peer)) }),
    }),
    defineRoute({
      ...common,
      path: '/v1/tasks/:id/pause',
      summary: 'Pause a task: no new attempt begins until it is resumed; one that runs goes on',
      body: PauseRequest.prefault({}),
      errors: ['task-not-found', 'wrong-state'],
      handler: ({ params, body, peer }) => control.pause({ ...params, ...named(body, httpWay(peer)) }),
    }),
    defineRoute({
      ...common,
      path: '/v1/tasks/:id/resume',
      summary: 'Resume a paused task',
      body: ResumeRequest.prefault({}),
      errors: ['task-not-found', 'wrong-state'],
      handler: ({ params, body, peer }) => control.resume({ ...params, ...named(body, httpWay(peer)) }),
    }),
    defineRoute({
      ...common,
      path: '/v1/tasks/:id/signal',
      summary: 'Send a signal to a task: it ends a wait for it, and the agent can read it',
      body: SignalRequest,
      errors: ['task-not-found', 'wrong-state', 'body-too-large'],
      handler: ({ params, body }) => control.signal({ ...params, ...body }),
    }),
    defineRoute({
      ...common,
      path: '/v1/tasks/:id/retry',
      summary: 'Try again at once; a task that has ended without success is active again',
      body: RetryRequest.prefault({}),
      errors: ['task-not-found', 'wrong-state'],
      handler: ({ params, body, peer }) => control.retry({ ...params, ...named(body, httpWay(peer)) }),
    }),
    defineRoute({
      method: 'post',
      tags: ['tasks'],
      params: Params,
      status: 202,
      reply: Accepted,
      path: '/v1/tasks/:id/rerun',
      summary: 'Submit the same work once more, as a task of its own',
      body: RerunRequest.prefault({}),
      errors: ['task-not-found', 'idempotency-conflict', ...PAYLOAD_ERRORS],
      handler: async ({ params, body, headers, traceparent }): Promise<HttpReply<Accepted>> => {
        const { idempotencyKey } = withKey(body, headers['idempotency-key']) as RerunRequest;
        const accepted = await control.rerun({ ...params, idempotencyKey }, traceparent);
        return { status: 202, headers: { location: `/v1/tasks/${accepted.id}` }, body: accepted };
      },
    }),
  ];
}

type RerunRequest = z.infer<typeof RerunRequest>;
