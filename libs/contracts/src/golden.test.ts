import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import * as contracts from './index';

/**
 * One realistic copy of every message and entity, as version 1 sends and stores it, is kept in `golden/v1`. It must parse
 * for ever and lose nothing: peers of another release, and the records in Redis, look like this.
 * A new message gets a row here and a file (one for each kind, where a message has kinds); a new optional field goes into the file; a field that is already in one never
 * goes away and never changes its type (that would be version 2, beside this one).
 */
const MESSAGES = {
  accepted: contracts.Accepted,
  'accepted-reports': contracts.AcceptedReports,
  'add-steps': contracts.AddSteps,
  'add-steps-request': contracts.AddStepsRequest,
  'approve-request': contracts.ApproveRequest,
  'approve-step': contracts.ApproveStep,
  'batch-reply': contracts.BatchReply,
  'batch-submission': contracts.BatchSubmission,
  'cancel-request': contracts.CancelRequest,
  'cancel-task': contracts.CancelTask,
  'cancel-workflow': contracts.CancelWorkflow,
  'capacity-event': contracts.CapacityEvent,
  'capacity-reply': contracts.CapacityReply,
  'capacity-request': contracts.CapacityRequest,
  'census-reply': contracts.CensusReply,
  'census-request': contracts.CensusRequest,
  'check-payloads': contracts.CheckPayloads,
  'check-shard': contracts.CheckShard,
  'check-shard-body': contracts.CheckShardBody,
  'class-routing': contracts.ClassRouting,
  'control-reply': contracts.ControlReply,
  'control-request': contracts.ControlRequest,
  'control-request.cordon': contracts.ControlRequest,
  'control-request.drain': contracts.ControlRequest,
  'control-request.signal': contracts.ControlRequest,
  'control-request.uncordon': contracts.ControlRequest,
  'cordon-request': contracts.CordonRequest,
  'cordon-swarm': contracts.CordonSwarm,
  'count-tasks-query': contracts.CountTasksQuery,
  'dead-letter-detail': contracts.DeadLetterDetail,
  'dead-letter-detail.by-reference': contracts.DeadLetterDetail,
  'dead-letter-page': contracts.DeadLetterPage,
  'dead-letter-reply': contracts.DeadLetterReply,
  'decision-detail': contracts.DecisionDetail,
  'decision-detail.waiting': contracts.DecisionDetail,
  'decision-page': contracts.DecisionPage,
  definition: contracts.Definition,
  'definition-page': contracts.DefinitionPage,
  'definition-run': contracts.DefinitionRun,
  'delete-definition': contracts.DeleteDefinition,
  'deleted-definition': contracts.DeletedDefinition,
  dismissal: contracts.Dismissal,
  'dispatch-reply': contracts.DispatchReply,
  'dispatch-request': contracts.DispatchRequest,
  'dispatch-request.by-reference': contracts.DispatchRequest,
  endpoint: contracts.Endpoint,
  'endpoint-changed': contracts.EndpointChanged,
  'endpoint-page': contracts.EndpointPage,
  'endpoint-registration': contracts.EndpointRegistration,
  'external-endpoint': contracts.ExternalEndpoint,
  'get-endpoint': contracts.GetEndpoint,
  'lb-release': contracts.LbRelease,
  'list-endpoints-query': contracts.ListEndpointsQuery,
  'register-endpoint': contracts.RegisterEndpoint,
  'remove-endpoint': contracts.RemoveEndpoint,
  'removed-endpoint': contracts.RemovedEndpoint,
  'event-batch': contracts.EventBatch,
  'event-filter': contracts.EventFilter,
  'event-gap': contracts.EventGap,
  'event-page': contracts.EventPage,
  'events-end': contracts.EventsEnd,
  'events-query': contracts.EventsQuery,
  'explain-reply': contracts.ExplainReply,
  'explain-request': contracts.ExplainRequest,
  'explain-task': contracts.ExplainTask,
  explanation: contracts.Explanation,
  'get-definition-query': contracts.GetDefinitionQuery,
  'get-dead-letter-query': contracts.GetDeadLetterQuery,
  'get-message-query': contracts.GetMessageQuery,
  'get-task-query': contracts.GetTaskQuery,
  'get-workflow-query': contracts.GetWorkflowQuery,
  'get-workflow-query.further-steps': contracts.GetWorkflowQuery,
  'get-workflow-query.result': contracts.GetWorkflowQuery,
  'grant-reply': contracts.GrantReply,
  'grant-request': contracts.GrantRequest,
  heartbeat: contracts.Heartbeat,
  'cancel-maintenance': contracts.CancelMaintenance,
  'cancelled-maintenance': contracts.CancelledMaintenance,
  'get-health-query': contracts.GetHealthQuery,
  'health-events-query': contracts.HealthEventsQuery,
  'health-page': contracts.HealthPage,
  'list-health-query': contracts.ListHealthQuery,
  'endpoint-health': contracts.EndpointHealth,
  'force-request': contracts.ForceRequest,
  'force-swarm': contracts.ForceSwarm,
  'health-controls-changed': contracts.HealthControlsChanged,
  'health-event': contracts.HealthEvent,
  'health-event-page': contracts.HealthEventPage,
  'maintenance-page': contracts.MaintenancePage,
  'maintenance-request': contracts.MaintenanceRequest,
  'maintenance-window': contracts.MaintenanceWindow,
  'reset-request': contracts.ResetRequest,
  'reset-swarm': contracts.ResetSwarm,
  'history-query': contracts.HistoryQuery,
  'task-events-query': contracts.TaskEventsQuery,
  'workflow-events-query': contracts.WorkflowEventsQuery,
  'freeze-learning': contracts.FreezeLearning,
  'lb-reserved': contracts.LbReserved,
  'renew-reservation': contracts.RenewReservation,
  'renewed-reservation': contracts.RenewedReservation,
  'lb-report': contracts.LbReport,
  'learning-changed': contracts.LearningChanged,
  'learning-command': contracts.LearningCommand,
  'learning-page': contracts.LearningPage,
  'list-learning-query': contracts.ListLearningQuery,
  'reset-learning': contracts.ResetLearning,
  'list-dead-letters-query': contracts.ListDeadLettersQuery,
  'list-decisions-query': contracts.ListDecisionsQuery,
  'simulate-request': contracts.SimulateRequest,
  simulation: contracts.Simulation,
  'simulation.waiting': contracts.Simulation,
  'list-definitions-query': contracts.ListDefinitionsQuery,
  'list-versions-query': contracts.ListVersionsQuery,
  'list-tasks-query': contracts.ListTasksQuery,
  'list-tasks-query.search': contracts.ListTasksQuery,
  'list-workflows-query': contracts.ListWorkflowsQuery,
  'capability-advertisement': contracts.CapabilityAdvertisement,
  'named-event': contracts.NamedEvent,
  'resource-offer': contracts.ResourceOffer,
  'resource-request': contracts.ResourceRequest,
  'state-sync': contracts.StateSync,
  'status-update': contracts.StatusUpdate,
  'task-request': contracts.TaskRequest,
  'task-response': contracts.TaskResponse,
  'communication-link': contracts.CommunicationLink,
  'communication-metrics': contracts.CommunicationMetrics,
  'communication-query': contracts.CommunicationQuery,
  'shard-links': contracts.ShardLinks,
  'mailbox-frame': contracts.MailboxFrame,
  'mailbox-frame.credits': contracts.MailboxFrame,
  'mailbox-frame.extend': contracts.MailboxFrame,
  'mailbox-frame.nak': contracts.MailboxFrame,
  'mailbox-frame.ping': contracts.MailboxFrame,
  'mailbox-frame.release': contracts.MailboxFrame,
  'mail-room-request': contracts.MailRoomRequest,
  'mail-room-answer': contracts.MailRoomAnswer,
  'mail-attend': contracts.MailAttend,
  'mail-attended': contracts.MailAttended,
  'mail-settle': contracts.MailSettle,
  'mail-settled': contracts.MailSettled,
  'mail-owner': contracts.MailOwner,
  'mail-home': contracts.MailHome,
  'mail-homes-query': contracts.MailHomesQuery,
  'mail-homes-page': contracts.MailHomesPage,
  'mail-forward': contracts.MailForward,
  'mail-forwarded': contracts.MailForwarded,
  'outgoing-mail-list': contracts.OutgoingMailList,
  'domain-list': contracts.DomainList,
  'mail-site': contracts.MailSite,
  'mailbox-query': contracts.MailboxQuery,
  'mailbox-info': contracts.MailboxInfo,
  'mailbox-list': contracts.MailboxList,
  'dead-mail': contracts.DeadMail,
  'dead-message-detail': contracts.DeadMessageDetail,
  'dead-message-detail.malformed': contracts.DeadMessageDetail,
  'dead-message-page': contracts.DeadMessagePage,
  'dead-message-reply': contracts.DeadMessageReply,
  'get-dead-message': contracts.GetDeadMessage,
  'list-dead-messages': contracts.ListDeadMessages,
  'settle-dead-messages': contracts.SettleDeadMessages,
  'settle-dead-messages.all': contracts.SettleDeadMessages,
  'settle-dead-messages.filter': contracts.SettleDeadMessages,
  'mail-take': contracts.MailTake,
  'mail-taken': contracts.MailTaken,
  'namespace-query': contracts.NamespaceQuery,
  'locate-query': contracts.LocateQuery,
  'message-location': contracts.MessageLocation,
  message: contracts.Message,
  'message-status': contracts.MessageStatus,
  'message-status.partly-stored': contracts.MessageStatus,
  'message-status.stored': contracts.MessageStatus,
  'message-submission': contracts.MessageSubmission,
  'namespace-changed': contracts.NamespaceChanged,
  'namespace-page': contracts.NamespacePage,
  'namespace-settings': contracts.NamespaceSettings,
  'namespace-view': contracts.NamespaceView,
  'packed-place-reply': contracts.PackedPlaceReply,
  'pause-request': contracts.PauseRequest,
  'pause-task': contracts.PauseTask,
  'pause-workflow': contracts.PauseWorkflow,
  'payload-check': contracts.PayloadCheck,
  'payload-ref': contracts.PayloadRef,
  'place-reply': contracts.PlaceReply,
  'place-request': contracts.PlaceRequest,
  'policy-table': contracts.PolicyTable,
  'purge-dead-letters': contracts.PurgeDeadLetters,
  'purge-dead-letters.all': contracts.PurgeDeadLetters,
  'purge-dead-letters.filter': contracts.PurgeDeadLetters,
  'put-definition': contracts.PutDefinition,
  'put-definition-body': contracts.PutDefinitionBody,
  'put-namespace': contracts.PutNamespace,
  'redrive-dead-letters': contracts.RedriveDeadLetters,
  'redrive-dead-letters.all': contracts.RedriveDeadLetters,
  'redrive-dead-letters.filter': contracts.RedriveDeadLetters,
  'region-control': contracts.RegionControl,
  'region-control.drain': contracts.RegionControl,
  'region-control.signal': contracts.RegionControl,
  'region-page': contracts.RegionPage,
  'region-summary': contracts.RegionSummary,
  'replica-alive': contracts.ReplicaAlive,
  replay: contracts.Replay,
  'replay-request': contracts.ReplayRequest,
  'report-reply': contracts.ReportReply,
  'report-reply.by-reference': contracts.ReportReply,
  'report-request': contracts.ReportRequest,
  'report-request.by-reference': contracts.ReportRequest,
  requirements: contracts.Requirements,
  'requirements.comparators': contracts.Requirements,
  'rerun-request': contracts.RerunRequest,
  'rerun-task': contracts.RerunTask,
  'rerun-workflow': contracts.RerunWorkflow,
  'rerun-workflow.event': contracts.RerunWorkflow,
  'rerun-workflow.failed': contracts.RerunWorkflow,
  'rerun-workflow-request': contracts.RerunWorkflowRequest,
  'rerun-workflow-request.event': contracts.RerunWorkflowRequest,
  'rerun-workflow-request.failed': contracts.RerunWorkflowRequest,
  resources: contracts.Resources,
  'resources.by-type': contracts.Resources,
  'resume-request': contracts.ResumeRequest,
  'resume-task': contracts.ResumeTask,
  'resume-workflow': contracts.ResumeWorkflow,
  'retry-request': contracts.RetryRequest,
  'retry-task': contracts.RetryTask,
  'route-reply': contracts.RouteReply,
  'route-request': contracts.RouteRequest,
  routing: contracts.Routing,
  'routing-metrics': contracts.RoutingMetrics,
  'scheduler-active': contracts.SchedulerActive,
  'scheduler-changes': contracts.SchedulerChanges,
  'scheduler-changes-reply': contracts.SchedulerChangesReply,
  'service-health': contracts.ServiceHealth,
  'export-shard': contracts.ExportShard,
  'export-shard-body': contracts.ExportShardBody,
  'import-shard': contracts.ImportShard,
  'import-shard-body': contracts.ImportShardBody,
  'recover-shard': contracts.RecoverShard,
  'recover-shard-body': contracts.RecoverShardBody,
  'recover-shard-reply': contracts.RecoverShardReply,
  'slot-census-reply': contracts.SlotCensusReply,
  'slot-census-request': contracts.SlotCensusRequest,
  'shard-check-report': contracts.ShardCheckReport,
  'shard-copy-end': contracts.ShardCopyEnd,
  'shard-copy-head': contracts.ShardCopyHead,
  'shard-copy-line': contracts.ShardCopyLine,
  'shard-copy-line.gone': contracts.ShardCopyLine,
  'shard-copy-line.history': contracts.ShardCopyLine,
  'shard-copy-line.task': contracts.ShardCopyLine,
  'shard-export-part': contracts.ShardExportPart,
  'shard-import-reply': contracts.ShardImportReply,
  'shard-page': contracts.ShardPage,
  'signal-request': contracts.SignalRequest,
  'signal-task': contracts.SignalTask,
  'signal-workflow': contracts.SignalWorkflow,
  'signal-workflow-request': contracts.SignalWorkflowRequest,
  'standing-reply': contracts.StandingReply,
  'standing-request': contracts.StandingRequest,
  'swarm-page': contracts.SwarmPage,
  'system-status': contracts.SystemStatus,
  task: contracts.Task,
  'task-counts': contracts.TaskCounts,
  'task-page': contracts.TaskPage,
  'task-spec': contracts.TaskSpec,
  'task-spec.by-reference': contracts.TaskSpec,
  'task-spec.control': contracts.TaskSpec,
  'task-submission': contracts.TaskSubmission,
  'task-submission.by-reference': contracts.TaskSubmission,
  'task.by-reference': contracts.Task,
  'validation-reply': contracts.ValidationReply,
  workflow: contracts.Workflow,
  'workflow-body': contracts.WorkflowBody,
  'workflow-page': contracts.WorkflowPage,
  'workflow-page.of-definition': contracts.WorkflowPage,
  'workflow-submission': contracts.WorkflowSubmission,
  'workflow-submission.by-reference': contracts.WorkflowSubmission,
  'workflow-submission.steps': contracts.WorkflowSubmission,
  'workflow.by-reference': contracts.Workflow,
  'workflow.further-steps': contracts.Workflow,
  'workflow.steps': contracts.Workflow,
  'backfill-schedule': contracts.BackfillSchedule,
  'backfill-schedule-request': contracts.BackfillScheduleRequest,
  'create-schedule': contracts.CreateSchedule,
  'delete-schedule': contracts.DeleteSchedule,
  'deleted-schedule': contracts.DeletedSchedule,
  'get-schedule-query': contracts.GetScheduleQuery,
  'list-schedules-query': contracts.ListSchedulesQuery,
  'pause-schedule': contracts.PauseSchedule,
  'pause-schedule-request': contracts.PauseScheduleRequest,
  'resume-schedule': contracts.ResumeSchedule,
  'resume-schedule-request': contracts.ResumeScheduleRequest,
  schedule: contracts.Schedule,
  'schedule-backfilled': contracts.ScheduleBackfilled,
  'schedule-changed': contracts.ScheduleChanged,
  'schedule-page': contracts.SchedulePage,
  'schedule-triggered': contracts.ScheduleTriggered,
  'trigger-schedule': contracts.TriggerSchedule,
  'trigger-schedule-request': contracts.TriggerScheduleRequest,
  'unwell-swarms': contracts.UnwellSwarms,
  'update-schedule': contracts.UpdateSchedule,
  'update-schedule-body': contracts.UpdateScheduleBody,
  'stream-batch': contracts.StreamBatch,
  'task-logs-query': contracts.TaskLogsQuery,
  'task-logs': contracts.TaskLogs,
  'make-proposal': contracts.MakeProposal,
  proposal: contracts.Proposal,
  'cast-vote': contracts.CastVote,
  'get-proposal': contracts.GetProposal,
  barrier: contracts.Barrier,
  'at-barrier': contracts.AtBarrier,
  'get-barrier': contracts.GetBarrier,
  'publish-event': contracts.PublishEvent,
  'published-event': contracts.PublishedEvent,
  'topic-event': contracts.TopicEvent,
  lease: contracts.Lease,
  'acquire-lease': contracts.AcquireLease,
  'held-lease': contracts.HeldLease,
  'get-lease': contracts.GetLease,
  advertise: contracts.Advertise,
  'directory-change': contracts.DirectoryChange,
  'directory-change.delete': contracts.DirectoryChange,
  'directory-changes': contracts.DirectoryChanges,
  'directory-changes-query': contracts.DirectoryChangesQuery,
  'directory-entry': contracts.DirectoryEntry,
  'directory-filter': contracts.DirectoryFilter,
  'directory-page': contracts.DirectoryPage,
  'directory-place': contracts.DirectoryPlace,
  'named-advertisement': contracts.NamedAdvertisement,
  'search-directory': contracts.SearchDirectory,
  'withdrawn-advertisement': contracts.WithdrawnAdvertisement,
  'list-proposals': contracts.ListProposals,
  'proposal-page': contracts.ProposalPage,
  'make-offer': contracts.MakeOffer,
  offer: contracts.Offer,
  'stored-offer': contracts.StoredOffer,
  'list-offers': contracts.ListOffers,
  'offer-page': contracts.OfferPage,
  'get-offer': contracts.GetOffer,
  'claim-offer': contracts.ClaimOffer,
  'claimed-offer': contracts.ClaimedOffer,
  'withdraw-offer': contracts.WithdrawOffer,
  'subscribe-mailbox': contracts.SubscribeMailbox,
  'end-topic-subscription': contracts.EndTopicSubscription,
  'topic-subscription': contracts.TopicSubscription,
  'topic-subscription-page': contracts.TopicSubscriptionPage,
  'copied-event': contracts.CopiedEvent,
  'state-entry': contracts.StateEntry,
  'read-state': contracts.ReadState,
  'write-state': contracts.WriteState,
  'delete-state': contracts.DeleteState,
  'state-revision': contracts.StateRevision,
  'removed-state': contracts.RemovedState,
  'list-state': contracts.ListState,
  'state-key-page': contracts.StateKeyPage,
  'state-history': contracts.StateHistory,
  'state-bucket-options': contracts.StateBucketOptions,
  'make-state-bucket': contracts.MakeStateBucket,
  'named-state-bucket': contracts.NamedStateBucket,
  'state-bucket-view': contracts.StateBucketView,
  'list-state-buckets': contracts.ListStateBuckets,
  'state-bucket-page': contracts.StateBucketPage,
} satisfies Record<string, z.ZodType>;

/** Parts of many messages that have golden files of their own: theirs show what is inside of them. */
const SHOWN_BY_THEMSELVES = new Set<z.core.$ZodType>([
  contracts.Requirements,
  contracts.Resources,
  contracts.Routing,
  contracts.ClassRouting,
]);

/** Schemas that never travel alone: each is inside a message above, and its fields are checked there. */
const PARTS = new Set<keyof typeof contracts>([
  'RefusedRecipient',
  'Conversation',
  'DomainSeen',
  'OutgoingMail',
  'MailCause',
  'MailNak',
  'SessionId',
  ...(['AttemptDispatch', 'AttemptRecord', 'AttemptRef', 'AttemptReport', 'BatchItemResult'] as const),
  ...([
    'DispatchOutcome',
    'Event',
    'PlaceItem',
    'PlaceResult',
    'Placement',
    'Receipt',
    'RegionView',
  ] as const),
  ...(['Rejection', 'RetryPolicy', 'Step', 'Swarm', 'SwarmProfile'] as const),
  ...(['Apart', 'AttributeConstraint', 'LabelConstraint', 'NamespaceRouting'] as const),
  ...(['PolicyName', 'Preference', 'Spread'] as const),
  ...(['TaskError', 'TaskSummary', 'Timeouts', 'Usage', 'Waiting', 'WorkflowStep'] as const),
  ...([
    'Grant',
    'HeldAttempt',
    'Limit',
    'Progress',
    'ProgressReport',
    'QueuedTask',
    'RankedSwarm',
    'RateLimit',
  ] as const),
  ...([
    'PayloadFault',
    'PayloadId',
    'StreamEntry',
    'StreamItem',
    'StreamPosition',
    'Signal',
    'TaskClass',
    'WaitFor',
  ] as const),
  ...(['CustomPolicyStatus', 'Decision', 'ReplayDifference', 'SimulatedChoice'] as const),
  ...(['DeadMessageCounts', 'DeadMessageFilter', 'DeadMessageResult', 'Redriven'] as const),
  ...(['DeadLetter', 'DeadLetterCounts', 'DeadLetterFilter', 'DeadLetterResult', 'DeadState'] as const),
  ...(['Discrepancy', 'ShardFinding', 'ShardNumber', 'ShardView'] as const),
  ...(['Forced', 'ForcedState', 'HealthState', 'MaintenanceSelector'] as const),
  ...(['Credits', 'EndpointKind', 'LinkCounts', 'ReaderNak', 'ReaderNaks'] as const),
  ...(['Topic', 'TopicEventId', 'TopicPattern', 'TopicStart', 'TopicSubscriptionId'] as const),
  ...([
    'StateBucketName',
    'StateFilter',
    'StateKey',
    'OfferClaim',
    'OfferId',
    'ProposalId',
    'ProposalVote',
  ] as const),
  ...(['TaskFilter', 'TaskGrouping', 'TaskOrder'] as const),
  ...([
    'Capacity',
    'ExplainedAttempt',
    'LateResult',
    'LimitStanding',
    'LineStanding',
    'NextEvent',
    'Pace',
    'Why',
  ] as const),
  ...([
    'Approval',
    'Compensation',
    'DefinitionRef',
    'DefinitionSummary',
    'InputPaths',
    'Join',
    'MapOver',
    'MapProgress',
  ] as const),
  ...(['OnFailure', 'RunBudget', 'Sleep', 'StepControl', 'StepRole', 'StepSchemas', 'SubWorkflow'] as const),
  ...([
    'Overlap',
    'ScheduleCause',
    'ScheduledTime',
    'ScheduleFire',
    'ScheduleName',
    'ScheduleSpec',
    'ScheduleSummary',
  ] as const),
  // Texts and numbers with a rule.
  ...(['LearnedPair', 'SwarmClass'] as const),
  ...(['CelText', 'JsonPath', 'RunStepId'] as const),
  ...([
    'ErrorCodeSchema',
    'EventPattern',
    'EventType',
    'Health',
    'Instant',
    'EffectiveInput',
    'Flag',
    'IdempotencyKey',
    'Json',
    'StoredJson',
    'LimitPattern',
    'MessageId',
    'Millis',
    'Name',
  ] as const),
  ...(['Namespace', 'PlacementRule', 'Priority', 'Region', 'RegionPattern', 'Scalar', 'StepId'] as const),
  ...([
    'Span',
    'SwarmId',
    'TaskId',
    'TaskState',
    'TimeLimit',
    'Token',
    'WorkflowId',
    'WorkflowState',
  ] as const),
]);

/** Words on the wire. New ones may come; a word of version 1 stays understood. */
const VOCABULARIES: Record<string, readonly string[]> = {
  errorCodes: Object.keys(contracts.ERRORS),
  eventTypes: contracts.EVENT_TYPES,
  gapReasons: contracts.GAP_REASONS,
  taskStates: contracts.TASK_STATES,
  workflowStates: contracts.WORKFLOW_STATES,
  attemptOutcomes: contracts.ATTEMPT_OUTCOMES,
  faults: contracts.FAULTS,
  swarmStates: contracts.SWARM_STATES,
  priorities: contracts.PRIORITIES,
  placementRules: contracts.PLACEMENT_RULES,
  policies: contracts.POLICIES,
  comparators: contracts.COMPARATORS,
  messageKinds: contracts.MESSAGE_KINDS,
  taskResponses: contracts.TASK_RESPONSES,
  directorySources: contracts.DIRECTORY_SOURCES,
  proposalStates: contracts.PROPOSAL_STATES,
  directoryOrders: contracts.DIRECTORY_ORDERS,
  qos: contracts.QOS,
  taskOrders: contracts.TASK_ORDERS,
  taskGroups: contracts.TASK_GROUPS,
  deadStates: contracts.DEAD_STATES,
  deadLetterCauses: contracts.DEAD_LETTER_CAUSES,
  discrepancies: contracts.DISCREPANCIES,
  health: contracts.HEALTH,
  healthStates: contracts.HEALTH_STATES,
  forcedStates: contracts.FORCED_STATES,
  healthEventTypes: contracts.HEALTH_EVENT_TYPES,
  waitingReasons: contracts.Waiting.shape.reason.options,
  explainedReasons: contracts.EXPLAINED_REASONS,
  nextKinds: contracts.NEXT_KINDS,
  joins: contracts.JOINS,
  stepControls: contracts.STEP_CONTROLS,
  stepRoles: contracts.StepRole.options,
  onFailure: contracts.OnFailure.options,
  overlaps: contracts.OVERLAPS,
  scheduleCauses: contracts.ScheduleCause.options,
  scheduleOutcomes: contracts.SCHEDULE_OUTCOMES,
  scheduleReasons: contracts.SCHEDULE_REASONS,
};

const directory = join(__dirname, '..', 'golden', 'v1');

function golden(name: string): unknown {
  return JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8'));
}

const messages = Object.entries<z.ZodType>(MESSAGES);

test.each(messages)('%s of version 1 parses and loses nothing', (name, schema) => {
  const message = golden(name);
  expect(schema.parse(message)).toEqual(message);
});

const kinds = (name: string): string[] => Object.keys(MESSAGES).filter((file) => file.startsWith(`${name}.`));
const wholes = messages.filter(([name]) => !name.includes('.'));

test.each(wholes)(
  'the golden %s, with those of its other kinds, shows every field that its schema has',
  (name, schema) => {
    const shown = new Set([name, ...kinds(name)].flatMap((file) => [...pathsOf(golden(file))]));
    const hidden = fieldsOf(schema).filter((field) => !shown.has(field));
    expect(hidden).toEqual([]);
  },
);

test.each(['task-submission', 'workflow-submission'] as const)(
  '%s as the five-step example spells it is the same submission',
  (name) => {
    expect(MESSAGES[name].parse(golden(`${name}.underscores`))).toEqual(golden(name));
  },
);

test('a report of a swarm that does not fetch is one that asks for nothing', () => {
  const plain = golden('report-request.plain');
  expect(contracts.ReportRequest.parse(plain)).toEqual({
    ...z.record(z.string(), z.unknown()).parse(plain),
    outcomes: [],
    progress: [],
    fetch: 0,
  });
});

test('a query for events with one value is one with a list of it', () => {
  const { root, type, follow } = contracts.EventsQuery.parse(golden('events-query'));
  expect(contracts.EventsQuery.parse(golden('events-query.plain'))).toEqual({ root, type, follow });
});

test('a packed reply says what the whole one says', () => {
  expect(contracts.PlaceReply.parse(golden('packed-place-reply'))).toEqual(golden('place-reply'));
});

test('every exported schema is a golden message or a part of one', () => {
  const listed = new Set<unknown>(Object.values(MESSAGES));
  const forgotten = Object.entries(contracts).filter(
    ([name, schema]) =>
      schema instanceof z.ZodType && !listed.has(schema) && !PARTS.has(name as keyof typeof contracts),
  );
  expect(forgotten.map(([name]) => name)).toEqual([]);
});

test('every golden file is read by a test', () => {
  const files = [
    ...Object.keys(MESSAGES),
    'task-submission.underscores',
    'workflow-submission.underscores',
    'report-request.plain',
    'events-query.plain',
    'vocabulary',
  ];
  expect(readdirSync(directory).sort()).toEqual(files.map((name) => `${name}.json`).sort());
});

test('every word of version 1 is still understood', () => {
  const words = z.record(z.string(), z.array(z.string())).parse(golden('vocabulary'));
  expect(Object.keys(words).sort()).toEqual(Object.keys(VOCABULARIES).sort());
  for (const [name, list] of Object.entries(words))
    expect(VOCABULARIES[name]).toEqual(expect.arrayContaining(list));
});

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

/** The fields of a schema as pointers, with a star for any item or key. What is inside a field of free JSON is nobody's field. */
function fieldsOf(schema: z.ZodType): string[] {
  // The document is what toJSONSchema made of it; only these five keywords are read.
  return walk(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any', override }) as JsonSchema, '');

  function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: object }): void {
    const isShownElsewhere = zodSchema !== schema && SHOWN_BY_THEMSELVES.has(zodSchema);
    if (isShownElsewhere && 'properties' in jsonSchema) delete jsonSchema.properties;
  }

  function walk(node: JsonSchema, path: string): string[] {
    const own = Object.entries(node.properties ?? {}).flatMap(([name, inner]) => [
      `${path}/${name}`,
      ...walk(inner, `${path}/${name}`),
    ]);
    const each = [node.items, node.additionalProperties].filter((inner) => typeof inner === 'object');
    return [
      ...own,
      ...each.flatMap((inner) => walk(inner, `${path}/*`)),
      ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap((inner) => walk(inner, path)),
    ];
  }
}

/** All paths of a value, each also with any item or key replaced by `*`. */
function pathsOf(value: unknown): Set<string> {
  const paths = new Set<string>();
  const walk = (inner: unknown, prefixes: string[]): void => {
    if (typeof inner !== 'object' || inner === null) return;
    for (const [key, below] of Object.entries(inner)) {
      const own = prefixes.flatMap((prefix) => [`${prefix}/${key}`, `${prefix}/*`]);
      own.forEach((path) => paths.add(path));
      walk(below, own);
    }
  };
  walk(value, ['']);
  return paths;
}
