import type { Request, Response } from 'express';
import { newTraceparent, parseTraceparent } from '@multiswarm/telemetry';

/** What one request carries through the app: its trace, and the signals that end its work early. */
export class RequestContext {
  /** The caller's trace context, if it sent a valid one. */
  readonly incoming: string | undefined;
  /** Fires when the server begins to shut down: whoever only waits should answer with what there is. */
  readonly stopping: AbortSignal;
  /** The pattern of the matched route, for metrics. */
  route = 'unmatched';
  /** Methods of the matched path, if the path exists. */
  readonly allowed = new Set<string>();
  #traceparent: string | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    request: Request,
    private readonly response: Response,
    stopping: AbortSignal,
  ) {
    const header = request.headers['traceparent'];
    this.incoming = typeof header === 'string' ? parseTraceparent(header) : undefined;
    this.stopping = stopping;
  }

  get traceparent(): string {
    this.#traceparent ??= this.incoming ?? newTraceparent();
    return this.#traceparent;
  }

  /** From here on the request belongs to this span. */
  set traceparent(traceparent: string) {
    this.#traceparent = traceparent;
  }

  /** Fires when the client goes away before it has the whole answer. Made on demand: most handlers do not look at it. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      const { response } = this;
      const abort = (): void => {
        if (!response.writableFinished) controller.abort(new Error('the client went away'));
      };
      if (response.destroyed) abort();
      else response.once('close', abort);
      this.#signal = controller.signal;
    }
    return this.#signal;
  }
}

const contexts = new WeakMap<Request, RequestContext>();

export function openContext(request: Request, response: Response, stopping: AbortSignal): RequestContext {
  const context = new RequestContext(request, response, stopping);
  contexts.set(request, context);
  return context;
}

/** The context of a request of an app made by `createHttpApp`. */
export function contextOf(request: Request): RequestContext {
  const context = contexts.get(request);
  if (!context) throw new Error('the request did not come through createHttpApp');
  return context;
}
