export * from './agreement';
export * from './api';
export * from './attempt-stream';
export * from './body-hash';
export {
  AttributeConstraint,
  COMPARATORS,
  constraintText,
  LabelConstraint,
  satisfiesConstraint,
  type AttributeAsked,
  type Comparator,
  type LabelAsked,
} from './comparators';
export * from './dead-letter';
export * from './dead-message';
export * from './decision';
export * from './definition';
export * from './directory';
export * from './endpoint';
export * from './errors';
export * from './event';
export * from './events-query';
export * from './explanation';
export * from './findings';
export * from './health';
export * from './ids';
export { EffectiveInput, isDeeperThan, Json, jsonWithin, StoredJson, type JsonValue } from './json';
export * from './keys';
export * from './learning';
export * from './lease';
export * from './limits';
export * from './mail-headers';
export * from './mail-identity';
export * from './mail-session';
export * from './mail-forward';
export * from './mail-wire';
export * from './communication-metrics';
export * from './mailbox';
export * from './mailbox-socket';
export * from './mailbox-shard';
export * from './message';
export * from './message-kinds';
export * from './names';
export { parseMessage, parseOutgoing } from './plain-message';
export * from './namespace';
export * from './offer';
export * from './payload';
export * from './place-reply';
export * from './placement';
export { toPointer } from './pointer';
export {
  COMMON_RETRY,
  isPlainJson,
  isPlainSpec,
  parseSubmission,
  plainRequirements,
  plainSubmission,
} from './plain-submission';
export { isCount, isListOf, isObject, quick, quickly, type Unknown } from './quick';
export * from './replay';
export * from './requirements';
export * from './resource-vector';
export * from './routing';
export * from './routing-metrics';
export * from './routing-policy';
export { DefinitionRef, OnFailure, RunBudget } from './run-bounds';
export * from './schedule';
export * from './scheduling';
export * from './server-features';
export * from './shard-check';
export * from './shard-copy';
export * from './simulation';
export * from './state';
export * from './status';
export * from './step';
export * from './subjects';
export * from './swarm';
export * from './task';
export * from './task-search';
export * from './topic';
export * from './topic-subscription';
export { eventIdentity, fromTopicWire, toTopicWire, type WireEvent } from './topic-wire';
export { timeFindings } from './task-times';
export * from './workflow';
export * from './workflow-control';
