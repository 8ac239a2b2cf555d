import { ERRORS, type ErrorCode, type Finding } from '@multiswarm/contracts';
import { codeOf } from '../error-code';
import { EXIT, Fault } from '../faults';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events';

const REQUEST_TIMEOUT_MS = 30_000;
/** Beyond what the server was asked to hold a request: time for the answer to travel. */
const HOLD_MARGIN_MS = 10_000;
const BODY_EXCERPT_CHARS = 120;

/** A list is sent as the same parameter several times. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface RequestOptions {
  query?: Query;
  /** How long the server may hold the request; sent as `waitMs`. */
  waitMs?: number;
  /** The same where the body says it. */
  holdMs?: number;
  signal?: AbortSignal;
  /** Only where what is there still has this revision. */
  ifMatch?: string;
}

/** The orchestrator's HTTP face. Answers are passed on as they came; refusals become a `Fault` with their exit code. */
export class HttpApi {
  constructor(
    readonly url: string,
    private readonly timeoutMs: number = REQUEST_TIMEOUT_MS,
  ) {}

  /** `T` is the contract of the route; the server owns it, and a newer server may answer with more than it says. */
  get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('GET', path, options);
  }

  /** Without a body where none is given. */
  post<T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('POST', path, options, body === undefined ? undefined : JSON.stringify(body));
  }

  put<T>(path: string, body: object, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('PUT', path, options, JSON.stringify(body));
  }

  patch<T>(path: string, body: object): Promise<T> {
    return this.request<T>('PATCH', path, {}, JSON.stringify(body));
  }

  delete<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('DELETE', path, options);
  }

  /**
   * Opens a stream of server-sent events. Resolves when the server has begun it, so that nothing that happens from then on is
   * missed; the stream ends with the server's or when the signal is aborted.
   */
  async events(
    path: string,
    query: Query,
    lastEventId: string | undefined,
    signal: AbortSignal,
    onPosition?: (id: string) => void,
  ): Promise<AsyncGenerator<ServerSentEvent>> {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
    const response = await this.send(this.address(path, query), { headers, signal });
    if (!response.ok || !response.body) throw await this.refusal(response);
    return readServerSentEvents(response.body, onPosition);
  }

  /** The body of an answer as it comes: it may be larger than what should be held. */
  async download(path: string): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.send(this.address(path, {}), { headers: { accept: 'application/json' } });
    if (!response.ok || !response.body) throw await this.refusal(response);
    return response.body;
  }

  private async request<T>(method: string, path: string, options: RequestOptions, body?: string): Promise<T> {
    const { waitMs, signal, ifMatch } = options;
    const heldMs = waitMs ?? options.holdMs;
    const limitMs = heldMs === undefined ? this.timeoutMs : heldMs + HOLD_MARGIN_MS;
    const timeout = AbortSignal.timeout(limitMs);
    const response = await this.send(this.address(path, { ...options.query, waitMs }), {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body }),
    });
    if (!response.ok) throw await this.refusal(response);
    return (await this.json(response)) as T;
  }

  private address(path: string, query: Query): URL {
    const url = new URL(this.url + path);
    for (const [name, value] of Object.entries(query)) {
      for (const each of [value].flat()) if (each !== undefined) url.searchParams.append(name, String(each));
    }
    return url;
  }

  private async send(url: URL, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  private unreachable(error: unknown): unknown {
    const name = nameOf(error);
    if (name === 'TimeoutError') {
      return new Fault(`no answer in time from ${this.url}`, {
        code: 'timeout',
        exit: EXIT.timedOut,
        cause: error,
      });
    }
    // The caller's own signal: not a matter of the server.
    if (name === 'AbortError') return error;
    return new Fault(`nothing answers at ${this.url} (${reasonOf(error)})`, {
      code: 'unreachable',
      exit: EXIT.unavailable,
      hint: 'start everything with "npm start", or say where it is with --url or MULTISWARM_URL',
      cause: error,
    });
  }

  private async json(response: Response): Promise<unknown> {
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      throw this.stranger(response, text);
    }
  }

  private async refusal(response: Response): Promise<Fault> {
    const text = await response.text().catch(() => '');
    const problem = parseProblem(text);
    if (!problem) return this.stranger(response, text);
    return new Fault(problem.detail || problem.title, {
      code: problem.code,
      exit: isCode(problem.code) ? ERRORS[problem.code].exit : exitOfStatus(response.status),
      status: response.status,
      findings: problem.errors,
      traceId: problem.traceId,
    });
  }

  private stranger(response: Response, text: string): Fault {
    const excerpt = text.replace(/\s+/g, ' ').trim().slice(0, BODY_EXCERPT_CHARS);
    return new Fault(
      `${this.url} answers, but not like an orchestrator: ${response.status} ${excerpt}`.trim(),
      {
        code: 'not-an-orchestrator',
        exit: response.ok ? EXIT.unavailable : exitOfStatus(response.status),
        status: response.status,
        hint: 'check --url or MULTISWARM_URL',
      },
    );
  }
}

/** What is used of problem details, whoever sent them. */
interface SeenProblem {
  code: string;
  title: string;
  detail: string;
  errors: Finding[];
  traceId?: string;
}

function parseProblem(text: string): SeenProblem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('code' in value) || typeof value.code !== 'string')
      return undefined;
    const errors = 'errors' in value && Array.isArray(value.errors) ? value.errors.filter(isFinding) : [];
    const { code } = value;
    const word = (key: string): string => (key in value ? String(Reflect.get(value, key)) : '');
    const traceId = word('traceId');
    return {
      code,
      title: word('title'),
      detail: word('detail'),
      errors,
      ...(traceId === '' ? {} : { traceId }),
    };
  } catch {
    return undefined;
  }
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

function isFinding(value: unknown): value is Finding {
  return typeof value === 'object' && value !== null && 'pointer' in value && 'message' in value;
}

function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';
}

/** For answers without a code of ours: of a proxy in between, or of another version. */
export function exitOfStatus(status: number): number {
  if (status === 401 || status === 403) return EXIT.notAllowed;
  if (status === 404) return EXIT.notFound;
  if (status === 409 || status === 412) return EXIT.conflict;
  if (status === 408 || status === 504) return EXIT.timedOut;
  if (status === 429 || status === 502 || status === 503) return EXIT.unavailable;
  return status < 500 ? EXIT.usage : EXIT.workFailed;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'connection closed',
  EHOSTUNREACH: 'no route to host',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
};

/** fetch says "fetch failed" and hides the reason in its causes; an attempt on two addresses hides it in a list. */
function reasonOf(error: unknown): string {
  let reason = String(error);
  for (
    let at: unknown = error;
    typeof at === 'object' && at !== null;
    at = 'cause' in at ? at.cause : undefined
  ) {
    const inner: unknown = 'errors' in at && Array.isArray(at.errors) ? at.errors[0] : at;
    const code = codeOf(inner);
    if (code !== undefined) return REASONS[code] ?? code;
    if ('message' in at) reason = String(at.message);
  }
  return reason;
}
