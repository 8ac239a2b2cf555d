export { createHttpApp, type HttpAppOptions } from './http/app';
export { bodyChunks } from './http/body';
export { sendJson } from './http/handle';
export { type Check, type CheckResult, type HealthCheck } from './http/health';
export { jsonChunks } from './http/json-chunks';
export { findJsonFault, type JsonFault } from './http/json-fault';
export { listen, type Listening, type ListenOptions } from './http/listen';
export { assertOwnOrigin } from './http/own-origin';
export {
  defineRoute,
  defineStreamRoute,
  type HttpReply,
  type Method,
  type Route,
  type RouteDefinition,
  type RouteRequest,
  type StreamRouteDefinition,
} from './http/route';
export { sendParts } from './http/send-parts';
export { sse, type ServerSentEvent, type SseOptions, type SseStream } from './http/sse';
export { defineSocketRoute, type SocketServing, type SocketStream } from './http/web-socket';
export { runService, type ServiceDefinition, type ServiceParts, type StartedService } from './run-service';
export * from './settings';
