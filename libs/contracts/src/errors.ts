/**
 * The one catalogue of error codes. `docs/errors.md` documents each (a test holds the two together).
 * `status` is the HTTP status, `exit` the exit code of the command line: 1 the work failed, 2 usage, 3 not found,
 * 4 not allowed, 5 conflict, 6 timed out, 7 unavailable.
 */
export const ERRORS = {
  'invalid-request': { status: 400, exit: 2, retryable: false, title: 'The request does not fit its schema' },
  'invalid-json': { status: 400, exit: 2, retryable: false, title: 'The body is not valid JSON' },
  'invalid-workflow': { status: 400, exit: 2, retryable: false, title: 'The workflow cannot run as it is' },
  'body-too-large': { status: 413, exit: 2, retryable: false, title: 'The body is over the limit' },
  'headers-too-large': {
    status: 431,
    exit: 2,
    retryable: false,
    title: 'The path, query and headers are over the limit',
  },
  'input-too-large': {
    status: 413,
    exit: 2,
    retryable: false,
    title: 'The input of a task is over the limit',
  },
  'unsupported-media-type': {
    status: 415,
    exit: 2,
    retryable: false,
    title: 'The body must be application/json',
  },
  'route-not-found': { status: 404, exit: 3, retryable: false, title: 'No such route' },
  'method-not-allowed': {
    status: 405,
    exit: 2,
    retryable: false,
    title: 'The route exists, but not for this method',
  },
  'task-not-found': { status: 404, exit: 3, retryable: false, title: 'No such task' },
  'workflow-not-found': { status: 404, exit: 3, retryable: false, title: 'No such workflow' },
  'dead-letter-not-found': { status: 404, exit: 3, retryable: false, title: 'No such dead letter' },
  'swarm-not-found': { status: 404, exit: 3, retryable: false, title: 'No such swarm' },
  'decision-not-found': { status: 404, exit: 3, retryable: false, title: 'No such decision' },
  'reservation-not-found': { status: 404, exit: 3, retryable: false, title: 'No such reservation' },
  'endpoint-not-found': { status: 404, exit: 3, retryable: false, title: 'No such endpoint' },
  'endpoint-conflict': {
    status: 409,
    exit: 5,
    retryable: false,
    title: 'A swarm has the id of that endpoint',
  },
  'shard-not-found': { status: 404, exit: 3, retryable: false, title: 'No such shard' },
  'copy-not-found': { status: 404, exit: 3, retryable: false, title: 'No such export or import' },
  'copy-refused': { status: 409, exit: 5, retryable: false, title: 'The shard is not copied like this' },
  'repair-refused': { status: 409, exit: 5, retryable: false, title: 'Nothing may be repaired at present' },
  'check-not-found': { status: 404, exit: 3, retryable: false, title: 'No such run of a check' },
  'message-not-found': { status: 404, exit: 3, retryable: false, title: 'No such message' },
  'recipient-unknown': {
    status: 404,
    exit: 3,
    retryable: false,
    title: 'No swarm with that id is connected',
  },
  'mailbox-full': {
    status: 429,
    exit: 7,
    retryable: true,
    title: 'The mailbox of the recipient has no room',
  },
  'mailbox-unavailable': {
    status: 503,
    exit: 7,
    retryable: true,
    title: 'The mailbox has no owner right now',
  },
  'not-admitted': { status: 409, exit: 5, retryable: false, title: 'The region does not take this swarm' },
  'idempotency-conflict': {
    status: 422,
    exit: 5,
    retryable: false,
    title: 'The idempotency key was used with another body',
  },
  'feature-not-available': {
    status: 501,
    exit: 4,
    retryable: false,
    title: 'This build does not have that feature yet',
  },
  'too-many-watchers': {
    status: 429,
    exit: 7,
    retryable: true,
    title: 'Too many readers wait here for what comes',
  },
  'payload-not-found': { status: 404, exit: 3, retryable: false, title: 'No such payload' },
  'payload-too-large': {
    status: 413,
    exit: 2,
    retryable: false,
    title: 'An input or output is larger than a payload may be',
  },
  'payload-corrupt': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'What is stored of a payload is not what was put there',
  },
  'payload-store-full': {
    status: 507,
    exit: 7,
    retryable: true,
    title: 'There is no room for further payloads',
  },
  'payload-store-unavailable': {
    status: 503,
    exit: 7,
    retryable: true,
    title: 'The store of payloads does not answer',
  },
  'state-not-found': {
    status: 404,
    exit: 3,
    retryable: false,
    title: 'No such bucket or key of shared state',
  },
  'state-exists': {
    status: 409,
    exit: 5,
    retryable: false,
    title: 'There is a bucket of this name with other settings',
  },
  'state-full': { status: 507, exit: 7, retryable: false, title: 'There is no room for more shared state' },
  'state-unavailable': {
    status: 503,
    exit: 7,
    retryable: true,
    title: 'Shared state has no quorum, or does not answer',
  },
  'offer-not-found': { status: 404, exit: 3, retryable: false, title: 'No such offer' },
  'offer-taken': {
    status: 409,
    exit: 5,
    retryable: false,
    title: 'Somebody else has the offer, or it has ended',
  },
  'proposal-not-found': { status: 404, exit: 3, retryable: false, title: 'No such proposal' },
  'proposal-closed': {
    status: 409,
    exit: 5,
    retryable: false,
    title: 'The proposal is decided, or its time is over',
  },
  'already-voted': {
    status: 409,
    exit: 5,
    retryable: false,
    title: 'The member has voted otherwise already',
  },
  'origin-not-allowed': {
    status: 403,
    exit: 4,
    retryable: false,
    title: 'A page of another site may not ask for this',
  },
  'forged-sender': { status: 403, exit: 4, retryable: false, title: 'The message has another sender' },
  'not-a-member': { status: 403, exit: 4, retryable: false, title: 'Whoever votes is none of the members' },
  'lease-held': { status: 409, exit: 5, retryable: true, title: 'Somebody else holds the lease' },
  'lease-lost': {
    status: 409,
    exit: 5,
    retryable: false,
    title: 'The lease or claim is not held under this token any more',
  },
  'too-much-contention': {
    status: 503,
    exit: 7,
    retryable: true,
    title: 'Others changed the same thing each time',
  },
  'no-placement': { status: 503, exit: 7, retryable: true, title: 'No swarm can take this now' },
  'shard-unavailable': { status: 503, exit: 7, retryable: true, title: 'The shard has no owner right now' },
  'region-unavailable': {
    status: 503,
    exit: 7,
    retryable: true,
    title: 'The region has no coordinator right now',
  },
  'store-unavailable': { status: 503, exit: 7, retryable: true, title: 'Redis does not answer' },
  'bus-unavailable': { status: 503, exit: 7, retryable: true, title: 'NATS does not answer' },
  'not-ready': { status: 503, exit: 7, retryable: true, title: 'The service is still starting' },
  'shutting-down': { status: 503, exit: 7, retryable: true, title: 'The service is shutting down' },
  timeout: { status: 504, exit: 6, retryable: true, title: 'No answer in time' },
  'stale-epoch': { status: 409, exit: 5, retryable: true, title: 'Another owner has taken over' },
  'task-failed': { status: 409, exit: 1, retryable: false, title: 'The task ended without a result' },
  'attempt-failed': { status: 500, exit: 1, retryable: true, title: 'The agent reported a failure' },
  'attempt-lost': { status: 500, exit: 1, retryable: true, title: 'The swarm that held the attempt is gone' },
  'attempt-timeout': {
    status: 500,
    exit: 1,
    retryable: true,
    title: 'The attempt ran longer than startToCloseMs',
  },
  'heartbeat-timeout': {
    status: 500,
    exit: 1,
    retryable: true,
    title: 'The handler was silent for longer than heartbeatMs',
  },
  'schedule-to-start-timeout': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'No attempt started within scheduleToStartMs',
  },
  'deadline-exceeded': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'The deadline of the task has passed',
  },
  'signal-timeout': { status: 500, exit: 1, retryable: false, title: 'The signal did not come in time' },
  'wrong-state': {
    status: 409,
    exit: 5,
    retryable: false,
    title: 'The task is in a state in which this cannot be done',
  },
  'revision-conflict': {
    status: 412,
    exit: 5,
    retryable: false,
    title: 'It was changed since it was read',
  },
  'state-too-large': {
    status: 413,
    exit: 2,
    retryable: false,
    title: 'The state of a conversation is over the limit',
  },
  'output-too-large': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'The output of the attempt is over the limit',
  },
  'upstream-failed': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'A step that this step depends on did not succeed',
  },
  'upstream-skipped': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'A step that this step depends on was skipped by its condition',
  },
  'condition-false': { status: 500, exit: 1, retryable: false, title: 'The condition of the step is false' },
  'expression-failed': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'A condition or a path of the step cannot be evaluated',
  },
  'map-too-large': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'The list or the outputs of a map are over the limit',
  },
  'items-failed': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'More items of a map failed than it tolerates',
  },
  'child-failed': { status: 500, exit: 1, retryable: false, title: 'The sub-workflow did not succeed' },
  rejected: { status: 500, exit: 1, retryable: false, title: 'The approval was refused' },
  'approval-not-allowed': {
    status: 403,
    exit: 4,
    retryable: false,
    title: 'Whoever answers is none of the approvers',
  },
  'budget-exhausted': { status: 500, exit: 1, retryable: false, title: 'The budget of the run is used up' },
  'workflow-timeout': { status: 500, exit: 1, retryable: false, title: 'The run did not end in time' },
  'run-too-large': {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'The run has more steps than one may have',
  },
  'step-not-found': { status: 404, exit: 3, retryable: false, title: 'The workflow has no such step' },
  'definition-not-found': {
    status: 404,
    exit: 3,
    retryable: false,
    title: 'There is no such definition, or no such version of it',
  },
  'schedule-not-found': { status: 404, exit: 3, retryable: false, title: 'There is no such schedule' },
  'schedule-exists': {
    status: 409,
    exit: 5,
    retryable: false,
    title: 'There is a schedule of this name that is another one',
  },
  'schedule-changing': {
    status: 503,
    exit: 7,
    retryable: true,
    title: 'The schedule was changed by others at the same time',
  },
  cancelled: { status: 409, exit: 1, retryable: false, title: 'Cancelled on request' },
  'invalid-configuration': { status: 500, exit: 2, retryable: false, title: 'The configuration has faults' },
  internal: {
    status: 500,
    exit: 1,
    retryable: false,
    title: 'A fault of ours; the trace id finds it in the logs',
  },
} as const satisfies Record<string, { status: number; exit: number; retryable: boolean; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** One fault of a request: where (JSON pointer), which rule, and what to do about it. */
export interface Finding {
  pointer: string;
  code: string;
  message: string;
}

/** RFC 9457 problem details, as sent over HTTP and inside the replies of the bus. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  retryable: boolean;
  traceId?: string;
  errors?: Finding[];
  depth?: number;
  limit?: number;
}

/** How full what refuses is: members of the problem beside those of RFC 9457. */
export interface Fill {
  /** What it holds. */
  depth: number;
  limit: number;
}

export interface ErrorOptions {
  cause?: unknown;
  findings?: readonly Finding[];
  fill?: Fill | undefined;
}

/** The base of all errors that people see. Terminal and retryable ones differ by `retryable`, which the catalogue decides. */
export class MultiswarmError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly findings: readonly Finding[];
  /** Of `mailbox-full`, where a peer says it. */
  readonly fill: Fill | undefined;

  constructor(code: ErrorCode, detail: string, options: ErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MultiswarmError';
    this.code = code;
    this.retryable = ERRORS[code].retryable;
    this.findings = options.findings ?? [];
    this.fill = options.fill;
  }

  toProblem(traceId?: string): Problem {
    const { status, title } = ERRORS[this.code];
    return {
      type: `urn:multiswarm:error:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      retryable: this.retryable,
      ...(traceId === undefined ? {} : { traceId }),
      ...(this.findings.length === 0 ? {} : { errors: [...this.findings] }),
      ...this.fill,
    };
  }

  /** The error that a peer reported. A code that this version does not know becomes `internal`, and so does what is no problem at all. */
  static fromProblem(problem: unknown): MultiswarmError {
    const { code, detail, errors, depth, limit } = asRecord(problem);
    const known = typeof code === 'string' && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal';
    const text = typeof detail === 'string' ? detail : 'the error came without a description';
    return new MultiswarmError(known, text, {
      findings: Array.isArray(errors) ? errors.filter(isFinding) : [],
      fill: typeof depth === 'number' && typeof limit === 'number' ? { depth, limit } : undefined,
    });
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isFinding(value: unknown): value is Finding {
  const { pointer, code, message } = asRecord(value);
  return typeof pointer === 'string' && typeof code === 'string' && typeof message === 'string';
}

/** Any thrown value as one of ours; what is not ours becomes `internal` and keeps its cause for the log. */
export function asMultiswarmError(error: unknown): MultiswarmError {
  if (error instanceof MultiswarmError) return error;
  return new MultiswarmError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
