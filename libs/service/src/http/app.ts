import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { MultiswarmError } from '@multiswarm/contracts';
import { systemClock, type Clock } from '@multiswarm/core';
import type { Logger, Telemetry } from '@multiswarm/telemetry';
import { contextOf, openContext } from './context';
import { mountDocs } from './docs';
import { handle, sendJson } from './handle';
import { healthReporter, type HealthCheck } from './health';
import { openApi } from './openapi';
import { sendProblem } from './problem';
import type { Route } from './route';
import { stoppingOf } from './stopping';

export interface HttpAppOptions {
  /** Name of the service, e.g. `orchestrator`. */
  service: string;
  version: string;
  /** Title of the API documents. */
  title: string;
  routes: readonly Route[];
  /** What `/health` looks at; a function where the checks change while the service runs. */
  checks: Record<string, HealthCheck> | (() => Record<string, HealthCheck>);
  telemetry: Telemetry;
  logger: Logger;
  /** Why the service should get no new work, or undefined when it is ready. */
  notReady?: () => string | undefined;
  /** Anything more, such as static files; mounted behind the routes. */
  extend?: (app: Express) => void;
  clock?: Clock;
}

/** The express app of a service: its routes, and what every service has (`contracts.md`, HTTP). */
export function createHttpApp(options: HttpAppOptions): Express {
  const app = openApp(options);
  addRoutes(app, options);
  return app;
}

/** The part of the app that answers from the first moment: edge, health, metrics. */
export function openApp(options: Omit<HttpAppOptions, 'routes' | 'extend'>): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(edge(app, options.telemetry, options.clock ?? systemClock));
  app.use(helmet());
  const report = healthReporter({
    ...options,
    checks: asFunction(options.checks),
    clock: options.clock ?? systemClock,
  });

  builtIn(app, '/health', async (_request, response) => {
    const health = await report();
    sendJson(response, health.status === 'down' ? 503 : 200, health, { 'cache-control': 'no-store' });
  });
  builtIn(app, '/health/live', async (_request, response) => sendJson(response, 200, { status: 'alive' }));
  builtIn(app, '/health/ready', async (_request, response) => {
    const reason = options.notReady?.() ?? (await notHealthy(report));
    sendJson(
      response,
      reason === undefined ? 200 : 503,
      reason === undefined ? { ready: true } : { ready: false, reason },
    );
  });
  builtIn(app, '/metrics', async (_request, response) => {
    const text = await options.telemetry.prometheus();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
  });
  app.use(closedUntilComplete(app));
  app.use(errors(options.logger));
  return app;
}

function asFunction(checks: HttpAppOptions['checks']): () => Record<string, HealthCheck> {
  return typeof checks === 'function' ? checks : () => checks;
}

const complete = new WeakSet<Express>();

/** Until the routes are there, what asks for one is told to come back: a 404 would be final. */
function closedUntilComplete(app: Express) {
  return (_request: Request, _response: Response, next: NextFunction): void => {
    if (!complete.has(app)) throw new MultiswarmError('not-ready', 'the service is starting');
    next();
  };
}

/** The routes, their documents, and the answers for what is none of them. */
export function addRoutes(app: Express, options: HttpAppOptions): void {
  const document = openApi(options);
  builtIn(app, '/openapi.json', async (_request, response) => sendJson(response, 200, document));
  mountDocs(app, options.title);
  for (const route of options.routes) app[route.method](route.path, handle(route, options.logger));
  for (const [path, methods] of byPath(options.routes)) app.all(path, noteAllowed(methods));
  options.extend?.(app);
  app.use(unmatched);
  complete.add(app);
  app.use(errors(options.logger));
}

function builtIn(
  app: Express,
  path: string,
  answer: (request: Request, response: Response) => Promise<void>,
): void {
  app.get(path, async (request, response) => {
    const context = contextOf(request);
    context.route = path;
    response.setHeader('traceparent', context.traceparent);
    await answer(request, response);
  });
  app.all(path, noteAllowed(['GET', 'HEAD']));
}

async function notHealthy(report: ReturnType<typeof healthReporter>): Promise<string | undefined> {
  const health = await report();
  if (health.status !== 'down') return undefined;
  const failing = Object.entries(health.checks).filter(([, check]) => !check.ok);
  return failing.map(([name, { detail }]) => `${name}: ${detail ?? 'failed'}`).join('; ');
}

/** First in line: gives the request its context, and measures it when its answer is over. */
function edge(app: Express, telemetry: Telemetry, clock: Clock) {
  const stopping = stoppingOf(app).signal;
  const duration = telemetry.metrics.histogram('multiswarm.http.request.duration.milliseconds');
  return (request: Request, response: Response, next: NextFunction): void => {
    const from = clock.monotonic();
    const context = openContext(request, response, stopping);
    response.once('close', () => {
      const { route } = context;
      duration.record(clock.monotonic() - from, {
        method: request.method,
        route,
        status: response.statusCode,
      });
    });
    next();
  };
}

function byPath(routes: readonly Route[]): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const methods = method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()];
    paths.set(path, [...(paths.get(path) ?? []), ...methods]);
  }
  return paths;
}

function noteAllowed(methods: readonly string[]) {
  return (request: Request, _response: Response, next: NextFunction): void => {
    for (const method of methods) contextOf(request).allowed.add(method);
    next();
  };
}

function unmatched(request: Request, response: Response): void {
  const { allowed } = contextOf(request);
  if (allowed.size === 0) {
    throw new MultiswarmError(
      'route-not-found',
      `no route ${request.method} ${request.path}; GET /openapi.json lists all`,
    );
  }
  const methods = [...allowed].join(', ');
  response.setHeader('allow', methods);
  if (request.method === 'OPTIONS') {
    response.status(204).end();
    return;
  }
  throw new MultiswarmError('method-not-allowed', `${request.path} takes ${methods}, not ${request.method}`);
}

/** Express tells error handlers by their four parameters. */
function errors(logger: Logger) {
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void =>
    sendProblem(request, response, error, logger);
}
