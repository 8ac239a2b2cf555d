import type { ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { LIMITS, MultiswarmError, parse as parseValue, summarize, type Finding } from '@multiswarm/contracts';
import { startSpan, type Logger } from '@multiswarm/telemetry';
import { readJsonBody } from './body';
import { contextOf, type RequestContext } from './context';
import { sendProblem } from './problem';
import { isHttpReply, producedBy, type Route, type RouteRequest } from './route';

/** The express handler of a route: trace, validation, the route's own handler, the answer or the problem. */
export function handle(
  route: Route,
  logger: Logger,
): (request: Request, response: Response) => Promise<void> {
  const spanName = `${route.method.toUpperCase()} ${route.path}`;
  return async (request, response) => {
    const context = contextOf(request);
    context.route = route.path;
    const span = startSpan(spanName, { parent: context.incoming, kind: 'server' });
    context.traceparent = span.traceparent;
    try {
      response.setHeader('traceparent', span.traceparent);
      await answer(route, request, response, context);
      span.end();
    } catch (error) {
      span.end(error);
      sendProblem(request, response, error, logger);
    }
  };
}

async function answer(
  route: Route,
  request: Request,
  response: Response,
  context: RequestContext,
): Promise<void> {
  const input = await validate(route, request, context);
  if (route.kind === 'stream') {
    // What HEAD asks for is over before a stream has begun: one that went on would hold its connection for nobody.
    if (request.method === 'HEAD')
      response.writeHead(route.status ?? 200, { 'content-type': producedBy(route) }).end();
    else await route.handler(request, response, input);
    return;
  }
  const result = await route.handler(input);
  if (response.destroyed) return;
  if (isHttpReply(result)) sendJson(response, result.status, result.body, result.headers);
  else sendJson(response, route.status ?? 200, result);
}

/** Sends JSON without express's detour over ETag and content negotiation, which no caller of this API needs. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (body === undefined || status === 204) {
    response.writeHead(status, headers).end();
    return;
  }
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

const NOTHING: Record<string, never> = Object.freeze({});

async function validate(route: Route, request: Request, context: RequestContext): Promise<Input> {
  const findings: Finding[] = [];
  const parse = (schema: z.ZodType | undefined, given: unknown, place: string[]): unknown => {
    if (schema === undefined) return NOTHING;
    const parsed = parseValue(schema, given, place);
    if (parsed.ok) return parsed.value;
    findings.push(...parsed.findings);
    return undefined;
  };
  const params = parse(route.params, request.params, ['params']);
  const query = route.query ? parse(route.query, request.query, ['query']) : refuseQuery(request, findings);
  const body = route.body
    ? parse(
        route.body,
        (await readJsonBody(request, route.bodyLimitBytes ?? LIMITS.HTTP_BODY_BYTES)) ?? {},
        [],
      )
    : NOTHING;
  if (findings.length > 0) throw new MultiswarmError('invalid-request', summarize(findings), { findings });
  return new Input(params, query, body, request, context);
}

/** A parameter that nobody reads would be silently without effect. */
function refuseQuery(request: Request, findings: Finding[]): Record<string, never> {
  for (const key of Object.keys(request.query).slice(0, LIMITS.FINDINGS)) {
    findings.push({
      pointer: `/query/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      code: 'unknown-field',
      message: 'this route takes no query parameters',
    });
  }
  return NOTHING;
}

class Input implements RouteRequest {
  constructor(
    readonly params: unknown,
    readonly query: unknown,
    readonly body: unknown,
    private readonly request: Request,
    private readonly context: RequestContext,
  ) {}

  get headers(): RouteRequest['headers'] {
    return this.request.headers;
  }

  /** An IPv4 address as such, also where the socket is one for IPv6. */
  get peer(): string {
    return this.request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unknown';
  }

  get traceparent(): string {
    return this.context.traceparent;
  }

  get signal(): AbortSignal {
    return this.context.signal;
  }

  get stopping(): AbortSignal {
    return this.context.stopping;
  }
}
