export { eventually, type EventuallyOptions } from './eventually';
export { startNats, type NatsOptions } from './nats';
export { startRedis, type RedisOptions } from './redis';
export { MissingBinaryError } from './binaries';
export type { ServerSignal, TestServer } from './server-process';
