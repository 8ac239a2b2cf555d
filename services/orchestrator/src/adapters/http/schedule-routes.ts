import {
  BackfillScheduleRequest,
  CreateSchedule,
  DeletedSchedule,
  DeleteSchedule,
  GetScheduleQuery,
  ListSchedulesQuery,
  PauseScheduleRequest,
  ResumeScheduleRequest,
  Schedule,
  ScheduleBackfilled,
  ScheduleName,
  SchedulePage,
  ScheduleTriggered,
  TriggerScheduleRequest,
  UpdateScheduleBody,
} from '@multiswarm/contracts';
import { defineRoute, type HttpReply, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { httpWay, named } from '../who-asks';
import { described } from './bodies';

const Params = z.object({ name: ScheduleName });
const tags = ['schedules'];
const NOT_FOUND = ['schedule-not-found', 'schedule-changing'] as const;

/** Workflows that start at times. */
export function scheduleRoutes(orchestrator: Orchestrator): Route[] {
  return [...kept(orchestrator), ...acts(orchestrator)];
}

function kept({ schedules }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/schedules',
      summary: 'Schedules by namespace and name, each with its next time',
      tags,
      query: ListSchedulesQuery,
      reply: SchedulePage,
      handler: ({ query }) => schedules.list(query),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/schedules',
      summary: 'Create a schedule: when it starts which workflow',
      description:
        'With `dryRun` nothing is stored, and the answer has the next times. One that is there already, and is the same, is answered as it is.',
      tags,
      body: described(CreateSchedule),
      reply: Schedule,
      status: 201,
      errors: ['schedule-exists', 'body-too-large'],
      handler: async ({ body, peer }): Promise<HttpReply<Schedule>> => {
        const schedule = await schedules.create(body, httpWay(peer));
        if (isDryRun(body)) return { status: 200, headers: {}, body: schedule };
        const location = `/v1/schedules/${encodeURIComponent(schedule.name)}`;
        return { status: 201, headers: { location }, body: schedule };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/schedules/:name',
      summary: 'A schedule with its next times, and its last ones with what came of them',
      tags,
      params: Params,
      query: GetScheduleQuery.omit({ name: true }),
      reply: Schedule,
      errors: ['schedule-not-found'],
      handler: ({ params, query }) => schedules.get({ ...params, ...query }),
    }),
    defineRoute({
      method: 'patch',
      path: '/v1/schedules/:name',
      summary: 'Change a schedule: what is left out stays; null takes away what may be absent',
      tags,
      params: Params,
      body: described(UpdateScheduleBody),
      reply: Schedule,
      errors: [...NOT_FOUND, 'body-too-large'],
      handler: ({ params, body, peer }) => schedules.update(params.name, body, httpWay(peer)),
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/schedules/:name',
      summary: 'Delete a schedule; what it has started goes on',
      tags,
      params: Params,
      query: DeleteSchedule.omit({ name: true }),
      reply: DeletedSchedule,
      errors: ['schedule-not-found'],
      handler: ({ params, query, peer }) => schedules.remove(named({ ...params, ...query }, httpWay(peer))),
    }),
  ];
}

function acts({ schedules }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/schedules/:name/pause',
      summary: 'Start nothing at its times until it is resumed',
      tags,
      params: Params,
      body: PauseScheduleRequest,
      reply: Schedule,
      errors: NOT_FOUND,
      handler: ({ params, body, peer }) => schedules.pause(named({ ...params, ...body }, httpWay(peer))),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/schedules/:name/resume',
      summary: 'Go on with the next time; those that have passed meanwhile are not made up for',
      tags,
      params: Params,
      body: ResumeScheduleRequest,
      reply: Schedule,
      errors: NOT_FOUND,
      handler: ({ params, body, peer }) => schedules.resume(named({ ...params, ...body }, httpWay(peer))),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/schedules/:name/trigger',
      summary: 'Start one run now, as the overlap policy allows, also while it is paused',
      tags,
      params: Params,
      body: TriggerScheduleRequest,
      reply: ScheduleTriggered,
      status: 202,
      errors: NOT_FOUND,
      handler: ({ params, body, peer }) => schedules.trigger(named({ ...params, ...body }, httpWay(peer))),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/schedules/:name/backfill',
      summary: 'Start runs for the times of a range that has passed',
      tags,
      params: Params,
      body: BackfillScheduleRequest,
      reply: ScheduleBackfilled,
      status: 202,
      errors: NOT_FOUND,
      handler: ({ params, body, peer }) => schedules.backfill(named({ ...params, ...body }, httpWay(peer))),
    }),
  ];
}

function isDryRun(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'dryRun' in body && body.dryRun === true;
}
