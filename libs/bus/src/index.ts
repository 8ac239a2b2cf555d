export * from './bus';
export { connectBus, type BusOptions } from './nats-bus';
export { NobodyListensError } from './nobody-listens';
export { Printed } from './printed';
export { decodeReply, encodeError, encodeOk, exceeds } from './reply-envelope';
export * from './streams';
