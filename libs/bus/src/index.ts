export * from './bus';
export { connectBus, type BusOptions } from './nats-bus';
export * from './streams';
