import {
  Accepted,
  BatchReply,
  EventPage,
  RegionPage,
  subjects,
  SwarmPage,
  SystemStatus,
  Task,
  TaskPage,
  ValidationReply,
  Workflow,
  WorkflowPage,
} from '@multiswarm/contracts';
import { z } from 'zod';

export interface HttpCall {
  method: 'GET' | 'POST';
  path: string;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
}

/** One thing that a client can ask for: its NATS subject (the body is sent as it is), its HTTP route, and its reply. */
export interface Operation<Body, S extends z.ZodType> {
  subject: string;
  http: (body: Body) => HttpCall;
  reply: S;
}

interface Reference {
  id: string;
}
interface Wait extends Reference {
  waitMs: number;
}
interface Cancellation extends Reference {
  reason?: string;
}

const CancelReply = z.object({ id: z.string(), state: z.string() });

function post(path: string): (body: unknown) => HttpCall {
  return (body) => ({ method: 'POST', path, body });
}

function read(path: string): (query: object) => HttpCall {
  return (query) => ({ method: 'GET', path, query: { ...query } });
}

function readOne(path: string): (body: Reference) => HttpCall {
  return ({ id, ...query }) => ({ method: 'GET', path: `${path}/${encodeURIComponent(id)}`, query });
}

function cancelOne(path: string): (body: Cancellation) => HttpCall {
  return ({ id, ...body }) => ({ method: 'POST', path: `${path}/${encodeURIComponent(id)}/cancel`, body });
}

function eventsOf(path: string): (body: Reference) => HttpCall {
  return ({ id }) => ({ method: 'GET', path: `${path}/${encodeURIComponent(id)}/events` });
}

function operation<Body, S extends z.ZodType>(
  subject: string,
  http: (body: Body) => HttpCall,
  reply: S,
): Operation<Body, S> {
  return { subject, http, reply };
}

const TASKS = '/v1/tasks';
const WORKFLOWS = '/v1/workflows';

export const OPERATIONS = {
  submitTask: operation(subjects.task('submit'), post(TASKS), Accepted),
  submitBatch: operation(subjects.task('submit-batch'), post(`${TASKS}/batch`), BatchReply),
  getTask: operation<Wait, typeof Task>(subjects.task('get'), readOne(TASKS), Task),
  listTasks: operation(subjects.task('list'), read(TASKS), TaskPage),
  cancelTask: operation(subjects.task('cancel'), cancelOne(TASKS), CancelReply),
  taskEvents: operation(subjects.task('events'), eventsOf(TASKS), EventPage),
  submitWorkflow: operation(subjects.workflow('submit'), post(WORKFLOWS), Accepted),
  validateWorkflow: operation(subjects.workflow('validate'), post(`${WORKFLOWS}/validate`), ValidationReply),
  getWorkflow: operation<Wait, typeof Workflow>(subjects.workflow('get'), readOne(WORKFLOWS), Workflow),
  listWorkflows: operation(subjects.workflow('list'), read(WORKFLOWS), WorkflowPage),
  cancelWorkflow: operation(subjects.workflow('cancel'), cancelOne(WORKFLOWS), CancelReply),
  workflowEvents: operation(subjects.workflow('events'), eventsOf(WORKFLOWS), EventPage),
  status: operation(subjects.status(), read('/status'), SystemStatus),
  swarms: operation(subjects.fleet('swarms'), read('/v1/swarms'), SwarmPage),
  regions: operation(subjects.fleet('regions'), read('/v1/regions'), RegionPage),
} as const;
