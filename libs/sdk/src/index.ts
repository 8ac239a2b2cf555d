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
export type {
  MessageHandler,
  OutgoingMessage,
  SignalHandler,
  Swarm,
  SwarmMessages,
  SwarmOptions,
  SwarmState,
  TaskContext,
  TaskHandler,
} from './swarm/types';
export { connect } from './client/connect';
export type {
  BatchItem,
  BatchItemOutcome,
  BatchOutcome,
  Client,
  ConnectOptions,
  ControlReceipt,
  EventsOptions,
  FleetClient,
  FollowOptions,
  LiveEvent,
  NamespaceInput,
  NamespacesClient,
  RerunOptions,
  StepInput,
  SubmitOptions,
  TaskFilter,
  TaskHandle,
  WaitOptions,
  WorkflowDocument,
  WorkflowFilter,
  WorkflowHandle,
  WorkflowInput,
  WorkflowSubmitOptions,
} from './client/types';
