import { Printed } from '@multiswarm/bus';
import { createHash } from 'node:crypto';
import {
  ErrorCodeSchema,
  Event,
  MultiswarmError,
  parseOrThrow,
  partsOfPayloadId,
  PayloadRef,
} from '@multiswarm/contracts';
import type { Clock, Random } from '@multiswarm/core';
import { z } from 'zod';
import { EventStream } from './event-stream';
import type { EventQueue } from './event-queue';
import type { HttpCall, Operation } from './operations';
import type { CallOptions, FeedFilter, Feed, Transport } from './transport';

type Other = NonNullable<HttpCall['of']>;
const OPTION: Readonly<Record<Other, string>> = {
  'load-balancer': '`loadBalancerUrl` (http://127.0.0.1:8081)',
  communicator: '`communicatorUrl` (http://127.0.0.1:8082)',
};

const PAYLOADS = '/v1/payloads';
const BATCH_BYTES = 8 * 1024 * 1024;
/** What proxies in front of the orchestrator say when it is away for a moment. */
const PASSING_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const ProblemReply = z.looseObject({
  // A newer server may know codes that we do not.
  code: ErrorCodeSchema.catch('internal'),
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), code: z.string(), message: z.string() })).optional(),
});

/** Requests to the orchestrator's HTTP face. */
export class HttpTransport implements Transport {
  readonly batchBytes = BATCH_BYTES;
  private readonly base: URL;
  private readonly others: Readonly<Record<Other, URL | undefined>>;
  private readonly streams = new Set<EventStream>();

  constructor(
    url: string,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly openForMs: number,
    { loadBalancerUrl, communicatorUrl }: { loadBalancerUrl?: string; communicatorUrl?: string } = {},
  ) {
    this.base = baseOf(url, 'an orchestrator', 8080);
    this.others = {
      'load-balancer':
        loadBalancerUrl === undefined ? undefined : baseOf(loadBalancerUrl, 'a load-balancer', 8081),
      communicator:
        communicatorUrl === undefined ? undefined : baseOf(communicatorUrl, 'a communicator', 8082),
    };
  }

  async call<Body, S extends z.ZodType>(
    operation: Operation<Body, S>,
    body: Body,
    options: CallOptions,
  ): Promise<z.output<S>> {
    const call = operation.http(body);
    const text = await this.exchange(call, options, (response) => response.text());
    return parseOrThrow(operation.reply, parseJson(text, call), 'internal');
  }

  async storePayload(namespace: string, json: string, options: CallOptions): Promise<PayloadRef> {
    const call: HttpCall = { method: 'POST', path: PAYLOADS, query: { namespace }, body: new Printed(json) };
    const text = await this.exchange(call, options, (response) => response.text());
    return parseOrThrow(PayloadRef, parseJson(text, call), 'internal');
  }

  async readPayload(ref: PayloadRef, options: CallOptions): Promise<Buffer> {
    const call: HttpCall = { method: 'GET', path: `${PAYLOADS}/${encodeURIComponent(ref.id)}` };
    const bytes = await this.exchange(call, options, async (response) =>
      Buffer.from(await response.arrayBuffer()),
    );
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest === partsOfPayloadId(ref.id).sha256Hex) return bytes;
    throw new MultiswarmError('payload-corrupt', `what came is not the payload "${ref.id}"`);
  }

  openFeed(filter: FeedFilter, lastEventId: string | undefined, queue: EventQueue): Feed {
    const { clock, random, openForMs } = this;
    const url = this.url({ method: 'GET', path: '/v1/events', query: { ...filter } });
    const stream = new EventStream({
      url,
      lastEventId,
      queue,
      clock,
      random,
      toEvent,
      openForMs,
      check: (response) => this.check(response),
    });
    this.streams.add(stream);
    return {
      opened: stream.opened,
      close: () => {
        this.streams.delete(stream);
        stream.close();
      },
    };
  }

  close(): Promise<void> {
    for (const stream of this.streams)
      stream.close(new MultiswarmError('bus-unavailable', 'the client was closed'));
    this.streams.clear();
    return Promise.resolve();
  }

  private async exchange<T>(
    call: HttpCall,
    { timeoutMs, signal, traceparent }: CallOptions,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const body = call.body === undefined ? undefined : print(call.body);
    const cut = new AbortController();
    const cancel = this.clock.after(timeoutMs, () =>
      cut.abort(new MultiswarmError('timeout', `no answer from ${this.base.origin} within ${timeoutMs} ms`)),
    );
    const onAbort = (): void => cut.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const response = await fetch(this.url(call), {
        method: call.method,
        signal: cut.signal,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(traceparent === undefined ? {} : { traceparent }),
          ...call.headers,
        },
        ...(body === undefined ? {} : { body }),
      });
      await this.check(response);
      return await read(response);
    } catch (error) {
      if (cut.signal.aborted) throw cut.signal.reason;
      throw error instanceof MultiswarmError ? error : this.unreachable(error);
    } finally {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private async check(response: Response): Promise<void> {
    if (response.ok) return;
    const text = await response.text();
    const problem = ProblemReply.safeParse(tryJson(text));
    if (problem.success) throw MultiswarmError.fromProblem(problem.data);
    const code = PASSING_STATUS.has(response.status) ? 'bus-unavailable' : 'internal';
    throw new MultiswarmError(
      code,
      `${response.url} answered ${response.status} ${response.statusText}: ${text.slice(0, 200)}`,
    );
  }

  private unreachable(cause: unknown): MultiswarmError {
    return new MultiswarmError(
      'bus-unavailable',
      `no orchestrator answers at ${this.base.origin}: is it running, and is this its address?`,
      { cause },
    );
  }

  private baseOf({ of }: HttpCall): URL {
    if (of === undefined) return this.base;
    const url = this.others[of];
    if (url !== undefined) return url;
    throw new MultiswarmError(
      'invalid-configuration',
      `over HTTP this is asked of the ${of}: connect with ${OPTION[of]}, or over NATS`,
    );
  }

  private url(call: HttpCall): URL {
    const { path, query } = call;
    const url = new URL(path.slice(1), this.baseOf(call));
    for (const [name, value] of Object.entries(query ?? {})) {
      for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
        if (each !== undefined) url.searchParams.append(name, parameter(each));
    }
    return url;
  }
}

function baseOf(url: string, whose: string, port: number): URL {
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return new URL(url.endsWith('/') ? url : `${url}/`);
  throw new MultiswarmError(
    'invalid-configuration',
    `"${url}" is not the address of ${whose}: it looks like http://127.0.0.1:${port}`,
  );
}

function parameter(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function print(body: unknown): string {
  return body instanceof Printed ? body.json : JSON.stringify(body);
}

function toEvent(data: string): Event {
  return parseOrThrow(Event, tryJson(data), 'internal');
}

function parseJson(text: string, call: HttpCall): unknown {
  const value = tryJson(text);
  if (value === undefined)
    throw new MultiswarmError(
      'internal',
      `${call.method} ${call.path} was answered with something that is not JSON`,
    );
  return value;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
