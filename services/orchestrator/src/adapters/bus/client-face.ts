import type { Bus, Delivery, Listening } from '@multiswarm/bus';
import {
  AddSteps,
  ApproveStep,
  BackfillSchedule,
  BatchSubmission,
  CancelTask,
  CancelWorkflow,
  CheckPayloads,
  CheckShard,
  ExportShard,
  ImportShard,
  RecoverShard,
  CordonSwarm,
  CountTasksQuery,
  DeleteDefinition,
  DeleteSchedule,
  GetDeadLetterQuery,
  GetDefinitionQuery,
  GetScheduleQuery,
  ExplainTask,
  GetTaskQuery,
  GetWorkflowQuery,
  groups,
  ListDeadLettersQuery,
  ListDefinitionsQuery,
  ListSchedulesQuery,
  ListTasksQuery,
  ListVersionsQuery,
  ListWorkflowsQuery,
  Namespace,
  PauseSchedule,
  PauseTask,
  PauseWorkflow,
  PurgeDeadLetters,
  PutDefinition,
  PutNamespace,
  RedriveDeadLetters,
  RerunTask,
  RerunWorkflow,
  ResumeSchedule,
  ResumeTask,
  ResumeWorkflow,
  RetryTask,
  ScheduleName,
  SignalTask,
  SignalWorkflow,
  subjects,
  TaskEventsQuery,
  TaskLogsQuery,
  TriggerSchedule,
  WorkflowEventsQuery,
  type Workflow,
  type WorkflowSummary,
} from '@multiswarm/contracts';
import { newTraceparent, parseTraceparent } from '@multiswarm/telemetry';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { ListNamespacesQuery } from '../http/namespace-routes';
import { named, NATS_WAY } from '../who-asks';
import { stepsPart } from './steps-part';

type Handler<S extends z.ZodType> = (body: z.output<S>, traceparent: string) => Promise<unknown>;

/** What changes of it is checked, and all findings are told, by whoever answers. */
const NamedSchedule = z.looseObject({ name: ScheduleName });

/** Of a history in one answer: NATS carries twice as much. */
const HISTORY_BYTES = 512 * 1024;

/** Clients over NATS: each verb in a queue group, so that any replica may answer. */
export function openClientFace(bus: Bus, orchestrator: Orchestrator): Listening {
  const {
    gateway,
    reads,
    explanations,
    control,
    deadLetters,
    definitions,
    fleetControl,
    namespaces,
    payloads,
    schedules,
    shards,
    streams,
    workflows,
  } = orchestrator;
  const on = <S extends z.ZodType>(subject: string, request: S, handler: Handler<S>): Listening =>
    bus.respond(subject, { queue: groups.orchestrator, request }, (body, delivery) =>
      handler(body, traceOf(delivery)),
    );
  const listening = [
    on(subjects.task('submit'), z.unknown(), (body, trace) => gateway.submitTask(body, trace)),
    on(subjects.task('submit-batch'), BatchSubmission, ({ tasks }, trace) =>
      gateway.submitBatch(tasks, batchTraces(trace)),
    ),
    on(subjects.task('get'), GetTaskQuery, ({ id, waitMs }) => reads.task(id, waitMs)),
    on(subjects.task('list'), ListTasksQuery, (query) => reads.tasks(query)),
    on(subjects.task('counts'), CountTasksQuery, (query) => reads.taskCounts(query)),
    on(subjects.task('events'), TaskEventsQuery, ({ id, ...asked }) =>
      reads.events(id, asked, HISTORY_BYTES),
    ),
    on(subjects.task('logs'), TaskLogsQuery, (query) => streams.page(query)),
    on(subjects.task('explain'), ExplainTask, ({ id }) => explanations.task(id)),
    on(subjects.task('cancel'), CancelTask, (asked) => control.cancel(byNats(asked))),
    on(subjects.task('pause'), PauseTask, (asked) => control.pause(byNats(asked))),
    on(subjects.task('resume'), ResumeTask, (asked) => control.resume(byNats(asked))),
    on(subjects.task('signal'), SignalTask, (asked) => control.signal(asked)),
    on(subjects.task('retry'), RetryTask, (asked) => control.retry(byNats(asked))),
    on(subjects.task('rerun'), RerunTask, (asked, trace) => control.rerun(asked, trace)),
    on(subjects.deadLetter('list'), ListDeadLettersQuery, (query) => deadLetters.list(query)),
    on(subjects.deadLetter('get'), GetDeadLetterQuery, (asked) => deadLetters.get(asked)),
    on(subjects.deadLetter('redrive'), RedriveDeadLetters, (asked) => deadLetters.redrive(byNats(asked))),
    on(subjects.deadLetter('purge'), PurgeDeadLetters, (asked) => deadLetters.purge(byNats(asked))),
    on(subjects.workflow('submit'), z.unknown(), (body, trace) => gateway.submitWorkflow(body, trace)),
    on(subjects.workflow('validate'), z.unknown(), (body) => gateway.validate(body)),
    on(subjects.workflow('get'), GetWorkflowQuery, async ({ id, waitMs, stepsFrom, resultOnly }) =>
      stepsPart(await reads.workflow(id, waitMs, { resultOnly }), stepsFrom),
    ),
    on(subjects.workflow('list'), ListWorkflowsQuery, (query) => reads.workflows(query)),
    on(subjects.workflow('events'), WorkflowEventsQuery, ({ id, ...asked }) =>
      reads.events(id, asked, HISTORY_BYTES),
    ),
    on(subjects.workflow('cancel'), CancelWorkflow, (asked) => briefly(workflows.cancel(byNats(asked)))),
    on(subjects.workflow('pause'), PauseWorkflow, (asked) => briefly(workflows.pause(byNats(asked)))),
    on(subjects.workflow('resume'), ResumeWorkflow, (asked) => briefly(workflows.resume(byNats(asked)))),
    on(subjects.workflow('signal'), SignalWorkflow, (asked) => briefly(workflows.signal(byNats(asked)))),
    on(subjects.workflow('approve'), ApproveStep, (asked) => briefly(workflows.approve(byNats(asked)))),
    on(subjects.workflow('add-steps'), AddSteps, (asked) => briefly(workflows.addSteps(byNats(asked)))),
    on(subjects.workflow('rerun'), RerunWorkflow, (asked, trace) => workflows.rerun(asked, trace)),
    on(subjects.definition('put'), PutDefinition, ({ name, ...body }) =>
      definitions.put(name, body, NATS_WAY),
    ),
    on(subjects.definition('get'), GetDefinitionQuery, (asked) => definitions.get(asked)),
    on(subjects.definition('list'), ListDefinitionsQuery, (query) => definitions.list(query)),
    on(subjects.definition('versions'), ListVersionsQuery, (query) => definitions.versions(query)),
    on(subjects.definition('delete'), DeleteDefinition, (asked) => definitions.remove(byNats(asked))),
    on(subjects.schedule('create'), z.unknown(), (body) => schedules.create(body, NATS_WAY)),
    on(subjects.schedule('update'), NamedSchedule, ({ name, ...body }) =>
      schedules.update(name, body, NATS_WAY),
    ),
    on(subjects.schedule('get'), GetScheduleQuery, (asked) => schedules.get(asked)),
    on(subjects.schedule('list'), ListSchedulesQuery, (query) => schedules.list(query)),
    on(subjects.schedule('pause'), PauseSchedule, (asked) => schedules.pause(byNats(asked))),
    on(subjects.schedule('resume'), ResumeSchedule, (asked) => schedules.resume(byNats(asked))),
    on(subjects.schedule('trigger'), TriggerSchedule, (asked) => schedules.trigger(byNats(asked))),
    on(subjects.schedule('backfill'), BackfillSchedule, (asked) => schedules.backfill(byNats(asked))),
    on(subjects.schedule('delete'), DeleteSchedule, (asked) => schedules.remove(byNats(asked))),
    on(subjects.namespace('get'), z.object({ namespace: Namespace }), ({ namespace }) =>
      namespaces.get(namespace),
    ),
    on(subjects.namespace('list'), ListNamespacesQuery, (query) => namespaces.list(query)),
    on(subjects.namespace('put'), PutNamespace, (wanted) => namespaces.put(wanted)),
    on(subjects.shards('list'), z.unknown(), () => shards.list()),
    on(subjects.shards('check'), CheckShard, (asked) => shards.check(byNats(asked))),
    on(subjects.shards('export'), ExportShard, (asked) => shards.export(asked)),
    on(subjects.shards('import'), ImportShard, (asked) => shards.import(byNats(asked))),
    on(subjects.shards('recover'), RecoverShard, (asked) => shards.recover(byNats(asked))),
    on(subjects.payload('check'), CheckPayloads, (asked) => payloads.check(asked)),
    on(subjects.status(), z.unknown(), () => orchestrator.status()),
    on(subjects.fleet('swarms'), z.unknown(), () => Promise.resolve(orchestrator.swarms())),
    on(subjects.fleet('regions'), z.unknown(), () => Promise.resolve(orchestrator.regions())),
    ...(['cordon', 'drain', 'uncordon'] as const).map((kind) =>
      on(subjects.fleet(kind), CordonSwarm, (asked) => fleetControl.want(kind, asked)),
    ),
  ];
  return { stop: () => listening.forEach((each) => each.stop()) };
}

/** Without its steps: a run may have more of them than one message carries. */
async function briefly(told: Promise<Workflow>): Promise<WorkflowSummary> {
  const {
    steps: _steps,
    criticalPath: _path,
    input: _input,
    output: _output,
    outputRefs: _refs,
    ...brief
  } = await told;
  return brief;
}

function byNats<T extends { requestedBy?: string | undefined }>(asked: T): T & { requestedBy: string } {
  return named(asked, NATS_WAY);
}

function traceOf(delivery: Delivery): string {
  return parseTraceparent(delivery.traceparent ?? '') ?? newTraceparent();
}

/** The first task of a batch continues the caller's trace; a thousand tasks in one trace would help nobody. */
export function batchTraces(first: string): () => string {
  let given: string | undefined = first;
  return () => {
    const trace = given ?? newTraceparent();
    given = undefined;
    return trace;
  };
}
