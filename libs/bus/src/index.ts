export * from './bus';
export { connectBus, type BusOptions } from './nats-bus';
export { decodeReply, encodeError, encodeOk, exceeds } from './reply-envelope';
export * from './streams';
