export { eventually, type EventuallyOptions } from './eventually';
export { MemoryLeases } from './memory-leases';
export { startNats, type NatsOptions } from './nats';
export {
  startLeafTopology,
  startNatsCluster,
  type LeafServer,
  type LeafTopology,
  type NatsCluster,
} from './nats-topology';
export { startRedis, type RedisOptions } from './redis';
export { startTcpProxy, type TcpProxy } from './tcp-proxy';
export { MissingBinaryError } from './binaries';
export { pass, turns } from './turns';
export type { ServerSignal, TestServer } from './server-process';
export {
  checkByKey,
  checkLinearizable,
  MOST_STEPS,
  type Model,
  type Operation,
  type Verdict,
} from './linearizability/check';
export { registerModel, textModel, type RegisterCall, type TextCall } from './linearizability/models';
export { NIL, parseRegisterLog, parseTextLog } from './linearizability/recorded';
