import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { ErrorCode } from '@multiswarm/contracts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

type Parsed<S> = S extends z.ZodType ? z.output<S> : Record<string, never>;

/** A request whose every part was validated by the route's schemas. */
export interface RouteRequest<P = unknown, Q = unknown, B = unknown> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly headers: IncomingHttpHeaders;
  /** Address of the one who is connected, `unknown` where the connection is gone. */
  readonly peer: string;
  /** The trace context to pass on. */
  readonly traceparent: string;
  /** The client went away. */
  readonly signal: AbortSignal;
  /** The service begins to stop: whoever only waits should answer now, with what there is. */
  readonly stopping: AbortSignal;
}

/** A reply with its own status or headers. All three parts must be there, which tells it from a plain body. */
export interface HttpReply<T = unknown> {
  status: number;
  headers: Record<string, string>;
  body: T;
}

interface RouteCommon<P, Q, B> {
  method: Method;
  /** Express form: `/v1/tasks/:id`. */
  path: string;
  /** One line, for the API documents. */
  summary: string;
  description?: string;
  tags?: readonly string[];
  params?: P;
  query?: Q;
  body?: B;
  /** Default: LIMITS.HTTP_BODY_BYTES. */
  bodyLimitBytes?: number;
  /** Status of a plain reply; default 200. */
  status?: number;
  /** Error codes that callers should expect besides those of every route. */
  errors?: readonly ErrorCode[];
}

export interface RouteDefinition<
  P extends z.ZodType | undefined,
  Q extends z.ZodType | undefined,
  B extends z.ZodType | undefined,
  R,
> extends RouteCommon<P, Q, B> {
  /** Schema of the reply, for the API documents. */
  reply?: z.ZodType;
  /** Throw a `MultiswarmError` for an answer that is a problem. */
  handler(request: RouteRequest<Parsed<P>, Parsed<Q>, Parsed<B>>): Promise<R | HttpReply<R>>;
}

export interface StreamRouteDefinition<
  P extends z.ZodType | undefined,
  Q extends z.ZodType | undefined,
  B extends z.ZodType | undefined,
> extends RouteCommon<P, Q, B> {
  /** What the body is, for the API documents; the handler reads it as it comes, with `bodyChunks`. */
  consumes?: z.ZodType;
  /** Media type of the answer, for the API documents; default `text/event-stream`. */
  produces?: string;
  /** Writes the answer itself. What it throws before the first byte becomes a problem, later it cuts the stream. */
  handler(req: Request, res: Response, context: RouteRequest<Parsed<P>, Parsed<Q>, Parsed<B>>): Promise<void>;
}

type Schema = z.ZodType | undefined;
export interface JsonRoute extends RouteDefinition<Schema, Schema, Schema, unknown> {
  kind: 'json';
}
export interface StreamRoute extends StreamRouteDefinition<Schema, Schema, Schema> {
  kind: 'stream';
}
export type Route = JsonRoute | StreamRoute;

/** A route whose input is validated and whose reply is sent as JSON. */
export function defineRoute<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R = unknown,
>(definition: RouteDefinition<P, Q, B, R>): Route {
  // The app parses with the route's own schemas before it calls the handler, so the handler gets what it declared.
  return { ...definition, kind: 'json' } as unknown as Route;
}

/** A route that writes its own answer, such as server-sent events. Its input is validated all the same. */
export function defineStreamRoute<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: StreamRouteDefinition<P, Q, B>): Route {
  // See defineRoute.
  return { ...definition, kind: 'stream' } as unknown as Route;
}

/** The media type of a stream. */
export function producedBy({ produces = 'text/event-stream' }: StreamRoute): string {
  return produces;
}

export function isHttpReply(value: unknown): value is HttpReply {
  if (typeof value !== 'object' || value === null) return false;
  return 'status' in value && typeof value.status === 'number' && 'headers' in value && 'body' in value;
}
