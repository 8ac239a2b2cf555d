import { inspect } from 'node:util';
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { formatTraceparent, newTraceparent, traceParts } from './traceparent';

export interface SpanOptions {
  /** The traceparent of the caller. Parents are explicit: nothing is looked up in an async context on the hot path. */
  parent?: string | undefined;
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes?: Attributes;
}

export interface ActiveSpan {
  /** What to pass on to whoever works for this span. */
  readonly traceparent: string;
  /** Ends the span; with an error, the span records it and its status is error. */
  end(error?: unknown): void;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

let tracer: Tracer | undefined;

/** Turns real spans on (a tracer) or off (undefined). `startTelemetry` calls it; nobody else has to. */
export function useTracer(next: Tracer | undefined): void {
  tracer = next;
}

/**
 * Starts a span. With OpenTelemetry off there is none: the parent's traceparent is passed on unchanged, and where
 * there is no parent a new trace begins, so that log lines can be joined all the same.
 */
export function startSpan(name: string, options: SpanOptions = {}): ActiveSpan {
  if (tracer === undefined) return new PassedOn(options.parent ?? newTraceparent());
  const span = openSpan(tracer, name, options);
  // A provider without an exporter hands out spans that belong to no trace; those must not be passed on.
  if (!isSpanContextValid(span.spanContext())) return new PassedOn(options.parent ?? newTraceparent());
  return new Recorded(span);
}

class PassedOn implements ActiveSpan {
  constructor(readonly traceparent: string) {}
  end(): void {
    // nothing was started
  }
}

function openSpan(from: Tracer, name: string, { parent, kind = 'internal', attributes }: SpanOptions): Span {
  const parts = parent === undefined ? undefined : traceParts(parent);
  const context = parts
    ? trace.setSpanContext(ROOT_CONTEXT, {
        traceId: parts.traceId,
        spanId: parts.spanId,
        traceFlags: parts.flags,
        isRemote: true,
      })
    : ROOT_CONTEXT;
  return from.startSpan(name, { kind: KINDS[kind], ...(attributes ? { attributes } : {}) }, context);
}

class Recorded implements ActiveSpan {
  readonly traceparent: string;

  constructor(private readonly span: Span) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.traceparent = formatTraceparent({ traceId, spanId, flags: traceFlags });
  }

  end(error?: unknown): void {
    if (error !== undefined) {
      const exception = error instanceof Error ? error : new Error(inspect(error));
      this.span.recordException(exception);
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
    }
    this.span.end();
  }
}
