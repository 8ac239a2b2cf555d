export {
  defineTask,
  type AnyJson,
  type RequirementsInput,
  type RetryInput,
  type TaskDefaults,
  type TaskDefinition,
  type TaskOrType,
} from './define-task';
export { NonRetryableError, RetryableError, TaskFailedError, WorkflowFailedError } from './errors';
export { SDK_LIMITS } from './limits';
export { createSwarm } from './swarm/create-swarm';
export type {
  MessageHandler,
  OutgoingMessage,
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
  CancelReceipt,
  Client,
  ConnectOptions,
  EventsOptions,
  FollowOptions,
  LiveEvent,
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
