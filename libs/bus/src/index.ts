export * from './bus';
export { ConditionalWrites } from './key-value/conditional';
export { connectBus, type BusOptions } from './nats-bus';
export { NobodyListensError } from './nobody-listens';
export { PayloadBucket, type PayloadOptions } from './payloads/bucket';
export { type Description } from './payloads/description';
export { DomainPayloads } from './payloads/domain-payloads';
export { PayloadInventory } from './payloads/inventory';
export { Printed } from './printed';
export { decodeReply, encodeError, encodeOk, exceeds } from './reply-envelope';
export { askStream, lastStored, nextStored, storeMessage, StreamRefusal, type StoredMessage } from './stored';
export { serverSeen } from './server-seen';
export * from './mail-stream';
export { storedAt, storedHeads, type StoredHead, type StoredWire } from './stored-heads';
export * from './streams';
export { Topics, type StoredEvent, type StoredTopicEvent, type TopicScope } from './topics';
export {
  KeyValueBucket,
  keyValueBuckets,
  type KeyValueEntry,
  type KeyValueInfo,
  type KeyValueOptions,
} from './key-value/bucket';
export { textOf, wireHeadersOf, type WireBody, type WireHeaders } from './wire-headers';
