import {
  Accepted,
  DeadLetterDetail,
  DeadLetterPage,
  DeadLetterReply,
  DeadMessageDetail,
  DeadMessagePage,
  DeadMessageReply,
  Definition,
  DefinitionPage,
  DefinitionSummary,
  DeletedDefinition,
  DeletedSchedule,
  EventPage,
  Explanation,
  NamespacePage,
  NamespaceView,
  PayloadCheck,
  Schedule,
  ScheduleBackfilled,
  SchedulePage,
  ScheduleTriggered,
  RegionPage,
  RecoverShardReply,
  ShardCheckReport,
  ShardExportPart,
  ShardPage,
  subjects,
  Swarm,
  SwarmPage,
  SystemStatus,
  Task,
  TaskLogs,
  TaskCounts,
  TaskPage,
  ValidationReply,
  Workflow,
  WorkflowPage,
  type JsonValue,
  AcceptedReports,
  Endpoint,
  EndpointPage,
  PolicyTable,
  RemovedEndpoint,
  RenewedReservation,
  Replay,
  RouteReply,
  RoutingMetrics,
  Simulation,
} from '@multiswarm/contracts';
import type { ReplayInput, RouteInput, RouteOutcome, SimulateInput } from './routing';
import { z } from 'zod';
import { QuickBatchReply } from './wire';
import type { NamespaceInput } from './types';

export interface HttpCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** Where it is not the orchestrator that is asked. */
  of?: 'load-balancer' | 'communicator';
  query?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
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
interface Reasoned extends Reference {
  reason?: string;
}
interface Named extends Reference {
  requestedBy?: string;
}
type Wish = Reasoned & Named;
interface SignalBody extends Reference {
  name: string;
  payload?: JsonValue;
}
interface SignalRunBody extends SignalBody, Named {
  step?: string;
}
interface ApproveBody extends Named {
  step: string;
  approved: boolean;
  note?: string;
}
interface RerunWorkflowBody extends Named {
  from?: unknown;
  input?: unknown;
  idempotencyKey: string;
}
/** Steps as `toWorkflow` makes them. */
type AddStepsBody = Named & Readonly<Record<string, unknown>>;
interface RerunBody extends Reference {
  idempotencyKey: string;
}
interface CheckBody {
  shard: number;
  run?: string;
  repair?: boolean;
  waitMs?: number;
  requestedBy?: string;
  reason?: string;
}
interface LogsBody extends Wait {
  attempt?: number | undefined;
  after?: string | undefined;
  limit: number;
}
interface CopyBody {
  shard: number;
  run?: string;
  seq: number;
}
interface RecoverBody {
  shard: number;
  confirm: true;
  requestedBy?: string;
  reason?: string;
}
interface PutBody {
  namespace: string;
  settings: NamespaceInput;
  ifRevision?: number;
}

interface NamedBody {
  namespace?: string;
  name: string;
}
type PutBodyOfName = NamedBody & Readonly<Record<string, unknown>>;

const ControlReply = z.object({ id: z.string(), state: z.string() });

function post(path: string): (body: unknown) => HttpCall {
  return (body) => ({ method: 'POST', path, body });
}

function read(path: string): (query: object) => HttpCall {
  return (query) => ({ method: 'GET', path, query: { ...query } });
}

function readOne(path: string): (body: Reference) => HttpCall {
  return ({ id, ...query }) => ({ method: 'GET', path: `${path}/${encodeURIComponent(id)}`, query });
}

function command(path: string, verb: string): (body: Reference) => HttpCall {
  return ({ id, ...body }) => ({ method: 'POST', path: `${path}/${encodeURIComponent(id)}/${verb}`, body });
}

function putNamespace({ namespace, settings, ifRevision }: PutBody): HttpCall {
  return {
    method: 'PUT',
    path: `${NAMESPACES}/${encodeURIComponent(namespace)}`,
    body: settings,
    ...(ifRevision === undefined ? {} : { headers: { 'if-match': `"${ifRevision}"` } }),
  };
}

function taskCommand<Body extends Reference>(verb: string): Operation<Body, typeof ControlReply> {
  return operation(subjects.task(verb), command(TASKS, verb), ControlReply);
}

/** @param path where it is not called as over NATS */
function workflowCommand<Body extends Reference>(
  verb: string,
  path = verb,
): Operation<Body, typeof ControlReply> {
  return operation(subjects.workflow(verb), command(WORKFLOWS, path), ControlReply);
}

function swarmCommand(verb: string): Operation<Reasoned, typeof Swarm> {
  return operation(subjects.fleet(verb), command(SWARMS, verb), Swarm);
}

function readPart(path: string, part: string): (body: Reference) => HttpCall {
  return ({ id }) => ({ method: 'GET', path: `${path}/${encodeURIComponent(id)}/${part}` });
}

function readHistory(path: string): (body: Reference & { after?: number }) => HttpCall {
  return ({ id, after }) => ({
    ...readPart(path, 'events')({ id }),
    ...(after === undefined ? {} : { query: { after } }),
  });
}

/** What has a name, in the path; the rest goes with the query. */
function ofName(method: 'GET' | 'DELETE', path: string, part = ''): (body: NamedBody) => HttpCall {
  return ({ name, ...query }) => ({ method, path: `${path}/${encodeURIComponent(name)}${part}`, query });
}

/** What is told to something that has a name. */
function tellNamed(path: string, verb: string): (body: NamedBody) => HttpCall {
  return ({ name, ...body }) => ({
    method: 'POST',
    path: `${path}/${encodeURIComponent(name)}/${verb}`,
    body,
  });
}

function scheduleCommand<S extends z.ZodType>(verb: string, reply: S): Operation<NamedBody, S> {
  return operation(subjects.schedule(verb), tellNamed(SCHEDULES, verb), reply);
}

function writeNamed(method: 'PUT' | 'PATCH', path: string): (body: PutBodyOfName) => HttpCall {
  return ({ name, ...body }) => ({ method, path: `${path}/${encodeURIComponent(name)}`, body });
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
const DEFINITIONS = '/v1/definitions';
const SCHEDULES = '/v1/schedules';
const DEAD_LETTERS = '/v1/dead-letters';
const DEAD_MESSAGES = '/v1/dead-messages';
const NAMESPACES = '/v1/namespaces';
const SWARMS = '/v1/swarms';
const SHARDS = '/v1/shards';
const ENDPOINTS = '/v1/endpoints';

export const OPERATIONS = {
  submitTask: operation(subjects.task('submit'), post(TASKS), Accepted),
  submitBatch: operation(subjects.task('submit-batch'), post(`${TASKS}/batch`), QuickBatchReply),
  getTask: operation<Wait, typeof Task>(subjects.task('get'), readOne(TASKS), Task),
  listTasks: operation(subjects.task('list'), read(TASKS), TaskPage),
  countTasks: operation(subjects.task('counts'), read(`${TASKS}/counts`), TaskCounts),
  cancelTask: taskCommand<Wish>('cancel'),
  pauseTask: taskCommand<Wish>('pause'),
  resumeTask: taskCommand<Named>('resume'),
  signalTask: taskCommand<SignalBody>('signal'),
  retryTask: taskCommand<Named>('retry'),
  rerunTask: operation<RerunBody, typeof Accepted>(subjects.task('rerun'), command(TASKS, 'rerun'), Accepted),
  taskLogs: operation<LogsBody, typeof TaskLogs>(
    subjects.task('logs'),
    ({ id, ...query }) => ({ method: 'GET', path: `${TASKS}/${encodeURIComponent(id)}/logs`, query }),
    TaskLogs,
  ),
  taskEvents: operation(subjects.task('events'), readHistory(TASKS), EventPage),
  listDeadLetters: operation(subjects.deadLetter('list'), read(DEAD_LETTERS), DeadLetterPage),
  getDeadLetter: operation<Reference, typeof DeadLetterDetail>(
    subjects.deadLetter('get'),
    readOne(DEAD_LETTERS),
    DeadLetterDetail,
  ),
  redriveDeadLetters: operation(
    subjects.deadLetter('redrive'),
    post(`${DEAD_LETTERS}/redrive`),
    DeadLetterReply,
  ),
  purgeDeadLetters: operation(subjects.deadLetter('purge'), post(`${DEAD_LETTERS}/purge`), DeadLetterReply),
  listDeadMessages: operation(
    subjects.deadMessage('list'),
    (query: object): HttpCall => ({
      method: 'GET',
      of: 'communicator',
      path: DEAD_MESSAGES,
      query: { ...query },
    }),
    DeadMessagePage,
  ),
  getDeadMessage: operation(
    subjects.deadMessage('get'),
    ({ seq }: { seq: number }): HttpCall => ({
      ...{ method: 'GET', of: 'communicator', path: `${DEAD_MESSAGES}/${seq}` },
    }),
    DeadMessageDetail,
  ),
  redriveDeadMessages: operation(
    subjects.deadMessage('redrive'),
    ofCommunicator(`${DEAD_MESSAGES}/redrive`),
    DeadMessageReply,
  ),
  purgeDeadMessages: operation(
    subjects.deadMessage('purge'),
    ofCommunicator(`${DEAD_MESSAGES}/purge`),
    DeadMessageReply,
  ),
  checkPayloads: operation(subjects.payload('check'), post('/v1/payloads/check'), PayloadCheck),
  explainTask: operation(subjects.task('explain'), readPart(TASKS, 'explain'), Explanation),
  submitWorkflow: operation(subjects.workflow('submit'), post(WORKFLOWS), Accepted),
  validateWorkflow: operation(subjects.workflow('validate'), post(`${WORKFLOWS}/validate`), ValidationReply),
  getWorkflow: operation<Wait & { stepsFrom?: number; resultOnly?: boolean }, typeof Workflow>(
    subjects.workflow('get'),
    readOne(WORKFLOWS),
    Workflow,
  ),
  listWorkflows: operation(subjects.workflow('list'), read(WORKFLOWS), WorkflowPage),
  cancelWorkflow: workflowCommand<Wish>('cancel'),
  pauseWorkflow: workflowCommand<Wish>('pause'),
  resumeWorkflow: workflowCommand<Named>('resume'),
  signalWorkflow: workflowCommand<SignalRunBody>('signal'),
  approveStep: workflowCommand<ApproveBody>('approve'),
  addSteps: workflowCommand<AddStepsBody>('add-steps', 'steps'),
  rerunWorkflow: operation<RerunWorkflowBody, typeof Accepted>(
    subjects.workflow('rerun'),
    command(WORKFLOWS, 'rerun'),
    Accepted,
  ),
  workflowEvents: operation(subjects.workflow('events'), readHistory(WORKFLOWS), EventPage),
  putDefinition: operation(subjects.definition('put'), writeNamed('PUT', DEFINITIONS), DefinitionSummary),
  getDefinition: operation(subjects.definition('get'), ofName('GET', DEFINITIONS), Definition),
  listDefinitions: operation(subjects.definition('list'), read(DEFINITIONS), DefinitionPage),
  definitionVersions: operation(
    subjects.definition('versions'),
    ofName('GET', DEFINITIONS, '/versions'),
    DefinitionPage,
  ),
  deleteDefinition: operation(
    subjects.definition('delete'),
    ofName('DELETE', DEFINITIONS),
    DeletedDefinition,
  ),
  createSchedule: operation(subjects.schedule('create'), post(SCHEDULES), Schedule),
  updateSchedule: operation(subjects.schedule('update'), writeNamed('PATCH', SCHEDULES), Schedule),
  getSchedule: operation(subjects.schedule('get'), ofName('GET', SCHEDULES), Schedule),
  listSchedules: operation(subjects.schedule('list'), read(SCHEDULES), SchedulePage),
  deleteSchedule: operation(subjects.schedule('delete'), ofName('DELETE', SCHEDULES), DeletedSchedule),
  pauseSchedule: scheduleCommand('pause', Schedule),
  resumeSchedule: scheduleCommand('resume', Schedule),
  triggerSchedule: scheduleCommand('trigger', ScheduleTriggered),
  backfillSchedule: scheduleCommand('backfill', ScheduleBackfilled),
  status: operation(subjects.status(), read('/status'), SystemStatus),
  swarms: operation(subjects.fleet('swarms'), read(SWARMS), SwarmPage),
  cordonSwarm: swarmCommand('cordon'),
  drainSwarm: swarmCommand('drain'),
  uncordonSwarm: swarmCommand('uncordon'),
  listShards: operation(subjects.shards('list'), read(SHARDS), ShardPage),
  checkShard: operation(
    subjects.shards('check'),
    ({ shard, ...body }: CheckBody): HttpCall => ({ method: 'POST', path: `${SHARDS}/${shard}/check`, body }),
    ShardCheckReport,
  ),
  exportShard: operation(
    subjects.shards('export'),
    ({ shard, ...body }: CopyBody): HttpCall => ({ method: 'POST', path: `${SHARDS}/${shard}/export`, body }),
    ShardExportPart,
  ),
  recoverShard: operation(
    subjects.shards('recover'),
    ({ shard, ...body }: RecoverBody): HttpCall => ({
      method: 'POST',
      path: `${SHARDS}/${shard}/recover`,
      body,
    }),
    RecoverShardReply,
  ),
  regions: operation(subjects.fleet('regions'), read('/v1/regions'), RegionPage),
  getNamespace: operation(
    subjects.namespace('get'),
    ({ namespace }: { namespace: string }) => ({
      method: 'GET',
      path: `${NAMESPACES}/${encodeURIComponent(namespace)}`,
    }),
    NamespaceView,
  ),
  listNamespaces: operation(subjects.namespace('list'), read(NAMESPACES), NamespacePage),
  putNamespace: operation(subjects.namespace('put'), putNamespace, NamespaceView),
  route: operation<RouteInput, typeof RouteReply>(
    subjects.lbRoute(),
    ofBalancer('POST', '/v1/route'),
    RouteReply,
  ),
  simulateRoute: operation<SimulateInput, typeof Simulation>(
    subjects.lbSimulate(),
    ofBalancer('POST', '/v1/route/simulate'),
    Simulation,
  ),
  replayDecisions: operation<ReplayInput, typeof Replay>(
    subjects.lbReplay(),
    ofBalancer('POST', '/v1/decisions/replay'),
    Replay,
  ),
  routingMetrics: operation<object, typeof RoutingMetrics>(
    subjects.lbMetrics(),
    ofBalancer('GET', '/v1/routing/metrics'),
    RoutingMetrics,
  ),
  reportRoutes: operation<RouteOutcome, typeof AcceptedReports>(
    subjects.endpoint('report'),
    ofBalancer('POST', '/v1/reports'),
    AcceptedReports,
  ),
  renewReservation: operation(
    subjects.endpoint('renew'),
    ({ reservationId }: { reservationId: string }): HttpCall => ({
      ...{ method: 'POST', of: 'load-balancer' },
      path: `/v1/reservations/${encodeURIComponent(reservationId)}/renew`,
    }),
    RenewedReservation,
  ),
  releaseReservations: operation(
    subjects.endpoint('release'),
    ({ reservationIds: [id = ''] }: { v: 1; reservationIds: string[] }): HttpCall => ({
      ...{ method: 'DELETE', of: 'load-balancer', path: `/v1/reservations/${encodeURIComponent(id)}` },
    }),
    AcceptedReports,
  ),
  policies: operation(
    subjects.endpoint('policies'),
    (_nothing: object): HttpCall => ({ method: 'GET', of: 'load-balancer', path: '/v1/policies' }),
    PolicyTable,
  ),
  registerEndpoint: operation(
    subjects.endpoint('register'),
    ({ endpoint, ifRevision }: { endpoint: object; ifRevision?: number }): HttpCall => ({
      ...{ method: 'POST', of: 'load-balancer', path: ENDPOINTS, body: endpoint },
      ...(ifRevision === undefined ? {} : { headers: onlyIf(ifRevision) }),
    }),
    Endpoint,
  ),
  getEndpoint: operation(
    subjects.endpoint('get'),
    ({ swarmId }: { swarmId: string }): HttpCall => ({
      ...{ method: 'GET', of: 'load-balancer', path: `${ENDPOINTS}/${encodeURIComponent(swarmId)}` },
    }),
    Endpoint,
  ),
  listEndpoints: operation(
    subjects.endpoint('list'),
    (query: object): HttpCall => ({
      ...{ method: 'GET', of: 'load-balancer', path: ENDPOINTS, query: { ...query } },
    }),
    EndpointPage,
  ),
  removeEndpoint: operation(
    subjects.endpoint('remove'),
    ({ swarmId, ifRevision }: { swarmId: string; ifRevision?: number }): HttpCall => ({
      ...{ method: 'DELETE', of: 'load-balancer', path: `${ENDPOINTS}/${encodeURIComponent(swarmId)}` },
      ...(ifRevision === undefined ? {} : { headers: onlyIf(ifRevision) }),
    }),
    RemovedEndpoint,
  ),
} as const;

/** 0 asks that there is none yet. */
function onlyIf(revision: number): Record<string, string> {
  return revision === 0 ? { 'if-none-match': '*' } : { 'if-match': `"${revision}"` };
}

function ofBalancer(method: 'GET' | 'POST', path: string): (body: object) => HttpCall {
  return (body) =>
    method === 'GET' ? { method, of: 'load-balancer', path } : { method, of: 'load-balancer', path, body };
}

function ofCommunicator(path: string): (body: object) => HttpCall {
  return (body) => ({ method: 'POST', of: 'communicator', path, body });
}
