export { eventually, type EventuallyOptions } from './eventually';
export { startNats, type NatsOptions } from './nats';
export { startRedis, type RedisOptions } from './redis';
export { startTcpProxy, type TcpProxy } from './tcp-proxy';
export { MissingBinaryError } from './binaries';
export type { ServerSignal, TestServer } from './server-process';
