import type { AttemptRecord, Event, Explanation, TaskError, TaskState } from '@multiswarm/contracts';

type Outcome = NonNullable<AttemptRecord['outcome']>;
type LoggedAttempt = Pick<AttemptRecord, 'attempt' | 'swarmId' | 'region' | 'assignedAt'> & {
  startedAt?: number;
  /** When its end became known; a swarm may have ended it a little earlier. */
  endedAt?: number;
  outcome?: Outcome;
  error?: TaskError;
};

/** The states that an event tells by its name, without `task.`. */
const STATES: ReadonlySet<string> = new Set<TaskState>([
  ...(['queued', 'waiting', 'assigned', 'running', 'backoff'] as const),
  ...(['succeeded', 'failed', 'cancelled', 'expired', 'skipped'] as const),
]);

/**
 * What the history of one task tells, read by nothing but the meaning of its events: what an explanation is held against, so
 * it shares no code with what makes one.
 */
export class EventLog {
  state: TaskState = 'blocked';
  since = 0;
  /** Since when it waits for a start, without the time for which it was paused. */
  waitingSince: number | undefined;
  paused: { at: number; data: Event['data'] } | undefined;
  cancelAsked: { at: number; data: Event['data'] } | undefined;
  retryAt: number | undefined;
  error: TaskError | undefined;
  readonly attempts: LoggedAttempt[] = [];
  failures = 0;
  losses = 0;
  refusals = 0;

  constructor(events: readonly Event[]) {
    for (const event of events) this.take(event);
  }

  private get open(): LoggedAttempt | undefined {
    const last = this.attempts.at(-1);
    return last?.outcome === undefined ? last : undefined;
  }

  private take(event: Event): void {
    const { type, at } = event;
    const word = type.slice('task.'.length);
    this.ofPeople(event);
    this.ofAttempts(event);
    if (type === 'task.submitted') this.since = at;
    if (word === 'refused' && event.data?.['retryAt'] !== undefined) this.enter('backoff', event);
    if (STATES.has(word)) this.enter(word as TaskState, event);
  }

  private enter(state: TaskState, { at, data }: Event): void {
    this.state = state;
    this.since = at;
    this.retryAt = data?.['retryAt'] as number | undefined;
    this.error = data?.['error'] as TaskError | undefined;
    if (state === 'queued') this.waitingSince ??= at;
    else if (!['assigned', 'backoff'].includes(state)) this.waitingSince = undefined;
    if (['succeeded', 'failed', 'cancelled', 'expired', 'skipped'].includes(state)) this.paused = undefined;
  }

  private ofPeople({ type, at, data }: Event): void {
    if (type === 'task.paused') this.paused = { at, data };
    if (type === 'task.cancel-requested') this.cancelAsked = { at, data };
    if (type !== 'task.resumed' || !this.paused) return;
    if (this.waitingSince !== undefined)
      this.waitingSince += Math.max(0, at - Math.max(this.paused.at, this.waitingSince));
    this.paused = undefined;
  }

  private ofAttempts({ type, at, attempt, swarmId = '', region = '', data }: Event): void {
    if (type === 'task.assigned' && attempt !== undefined)
      this.attempts.push({ attempt, swarmId, region, assignedAt: at });
    if (!this.open) return;
    const error = data?.['error'] as TaskError | undefined;
    if (type === 'task.running') {
      this.refusals = 0;
      Object.assign(this.open, { swarmId, region, startedAt: at });
    } else if (type === 'task.lost') this.ends('lost', at, error, () => (this.losses += 1));
    else if (type === 'task.refused') this.ends('refused', at, error, () => (this.refusals += 1));
    else if (type === 'task.backoff' || type === 'task.failed')
      this.ends(failure(error), at, error, () => (this.failures += 1));
    else if (type === 'task.expired') this.ends('timed-out', at, error);
    else if (type === 'task.cancelled') this.ends('cancelled', at, undefined);
    else if (type === 'task.succeeded') this.ends('succeeded', at, undefined);
  }

  private ends(outcome: Outcome, at: number, error: TaskError | undefined, count = () => 0): void {
    count();
    Object.assign(this.open ?? {}, { outcome, endedAt: at, ...(error ? { error } : {}) });
  }
}

function failure(error: TaskError | undefined): Outcome {
  return error?.code.endsWith('-timeout') ? 'timed-out' : 'failed';
}

/** Every part of an explanation that the events tell too has to be as they tell it. */
export function expectAgreement(told: Explanation, events: readonly Event[]): void {
  const log = new EventLog(events);
  expect({ state: told.state, since: Date.parse(told.stateSince) }).toEqual({
    ...{ state: log.state, since: log.since },
  });
  expect(told.paused && { ...told.paused, at: Date.parse(told.paused.at) }).toEqual(
    log.paused && { at: log.paused.at, ...log.paused.data },
  );
  expect(told.tries).toMatchObject({
    ...{ attempts: log.attempts.length, failures: log.failures, losses: log.losses, refusals: log.refusals },
  });
  expectReason(told, log);
  expect(told.attempts).toHaveLength(log.attempts.length);
  log.attempts.forEach((logged, index) => expectAttempt(told.attempts[index], logged));
}

function expectReason({ why, explainedAt }: Explanation, log: EventLog): void {
  const since = Date.parse(why.since);
  if (why.reason === 'region-down' && log.state !== 'queued')
    expect(since).toBeLessThanOrEqual(Date.parse(explainedAt)); // no event tells that a region falls silent
  else expect(since).toBe(reasonSince(why.reason, log));
  expect(why.requestedBy).toBe(askedBy(why.reason, log)?.['requestedBy']);
  if (why.reason === 'backoff') expect(Date.parse(why.until ?? '')).toBe(log.retryAt);
  if (why.error) expect(why.error).toEqual(log.error);
}

function askedBy(reason: Explanation['why']['reason'], log: EventLog): Event['data'] {
  if (reason === 'paused') return log.paused?.data;
  return reason.startsWith('cancel') ? log.cancelAsked?.data : undefined;
}

function reasonSince(reason: Explanation['why']['reason'], log: EventLog): number | undefined {
  if (reason === 'paused') return log.paused?.at;
  if (reason === 'cancelling') return log.cancelAsked?.at;
  return log.state === 'queued' ? log.waitingSince : log.since;
}

/** When it ran is told by its swarm: within what the events say. */
function expectAttempt(told: Explanation['attempts'][number] | undefined, logged: LoggedAttempt): void {
  const { startedAt, endedAt = Infinity, ...same } = logged;
  expect(told).toMatchObject({ ...same, receipt: expect.anything() });
  expect(told?.outcome).toBe(logged.outcome);
  const [began, ended] = [told?.startedAt, told?.endedAt];
  expect(ended !== undefined).toBe(endedAt !== Infinity);
  if (ended !== undefined) expect(ended).toBeLessThanOrEqual(endedAt);
  if (startedAt === undefined || began === undefined) expect(began).toBeUndefined();
  else {
    expect(began).toBeGreaterThanOrEqual(logged.assignedAt);
    expect(began).toBeLessThanOrEqual(startedAt);
  }
}
