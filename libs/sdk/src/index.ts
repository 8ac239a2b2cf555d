export type {
  Ranking,
  RoutingBatch,
  RoutingCandidate,
  RoutingEstimate,
  RoutingItem,
  RoutingPolicy,
} from '@multiswarm/contracts';
export {
  defineMessage,
  type AnswerGiven,
  type AnswerReceived,
  type DataReceived,
  type DataSent,
  type MessageDefinition,
  type MessageOf,
  type MessageOrKind,
} from './define-message';
export {
  defineTask,
  type AnyJson,
  type RequirementsInput,
  type RetryInput,
  type TaskDefaults,
  type TaskDefinition,
  type TaskOrType,
} from './define-task';
export {
  NonRetryableError,
  RetryableError,
  TaskCancelledError,
  TaskExpiredError,
  TaskFailedError,
  WorkflowFailedError,
} from './errors';
export { SDK_LIMITS } from './limits';
export { createSwarm } from './swarm/create-swarm';
export type { Gathered } from './swarm/messages/answers';
export { PoisonMessage, RetryLater } from './swarm/messages/inbox';
export type {
  GatherOptions,
  MessageHandler,
  OutgoingMessage,
  RequestOptions,
  SignalHandler,
  StateAnswer,
  StateHandler,
  Swarm,
  SwarmMessages,
  SwarmOptions,
  SwarmState,
  TaskContext,
  TaskHandler,
} from './swarm/types';
export type { DirectoryNews } from '@multiswarm/messaging';
export type {
  AdvertisedEntry,
  AdvertiseInput,
  BarriersClient,
  BorrowedResources,
  DirectoryClient,
  DirectoryQuery,
  DirectorySearch,
  DirectoryWatch,
  HeldLease,
  LeasesClient,
  OfferFilter,
  OffersClient,
  ProposalFilter,
  ProposalInput,
  ProposalsClient,
  SharedBucket,
  SharedChange,
  SharedStateClient,
  SharedValue,
  SharedWatch,
  WriteOptions,
} from './swarm/sharing/types';
export type {
  EventHandler,
  EventOf,
  PublishOptions,
  SubscribeMode,
  SubscribeOptions,
  SwarmTopics,
  TopicSubscription,
} from './swarm/topics/types';
export { connect } from './client/connect';
export type {
  AddedSteps,
  ApprovalAnswer,
  AskedBy,
  BatchItem,
  BatchItemOutcome,
  BatchOutcome,
  CheckOptions,
  Client,
  ConnectOptions,
  ControlReceipt,
  DeadLetterFilter,
  DeadLettersClient,
  DefinitionInput,
  DefinitionRunInput,
  DefinitionsClient,
  EventsOptions,
  FleetClient,
  FollowOptions,
  LiveEvent,
  NamespaceInput,
  NamespacesClient,
  PayloadsClient,
  PurgeRequest,
  RedriveRequest,
  RerunOptions,
  ShardsClient,
  StepInput,
  StreamOptions,
  SubmitOptions,
  TaskCountQuery,
  TaskFilter,
  TaskHandle,
  WaitOptions,
  WorkflowDocument,
  WorkflowFilter,
  WorkflowHandle,
  WorkflowInput,
  WorkflowRerunOptions,
  WorkflowSubmitOptions,
} from './client/types';
export { cel, type Condition } from './workflow/cel';
export { defineWorkflow } from './workflow/define-workflow';
export type { DefinedWorkflow, RunResult, Submission } from './workflow/defined-workflow';
export type { Flow } from './workflow/flow';
export { ref, type Given, type Ref, type Reference } from './workflow/reference';
export type {
  AnyStep,
  ApprovalOptions,
  CompensationOptions,
  DefinedStep,
  MapOptions,
  NamedWorkflow,
  RunOptions,
  SignalOptions,
  SleepTime,
  StepOptions,
  SubWorkflowOptions,
  TaskStepOptions,
  UndoableStep,
  WorkflowJson,
  WorkflowOptions,
} from './workflow/types';
export type { ScheduleChanges, ScheduledWorkflow, ScheduleInput, SchedulesClient } from './client/schedules';
export type {
  EndpointsClient,
  ReplayInput,
  RouteInput,
  RouteOptions,
  RouteOutcome,
  RoutingClient,
  SimulateInput,
} from './client/routing';
export type { DeadMessagesClient } from './client/dead-messages';
