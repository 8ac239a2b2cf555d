import {
  bodyHash,
  MultiswarmError,
  parseOrThrow,
  CreateSchedule,
  UpdateScheduleBody,
  type BackfillSchedule,
  type DeletedSchedule,
  type DeleteSchedule,
  type GetScheduleQuery,
  type ListSchedulesQuery,
  type PauseSchedule,
  type ResumeSchedule,
  type Schedule,
  type ScheduleBackfilled,
  type SchedulePage,
  type ScheduleTriggered,
  type TriggerSchedule,
  type WorkflowState,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { wakeAt } from '../domain/schedule/advance';
import { backfilled, paused, resumed, retimed, triggered } from '../domain/schedule/asked';
import { ended } from '../domain/schedule/noted';
import { newState } from '../domain/schedule/schedule';
import type {
  NamedSchedule,
  ScheduleBody,
  ScheduledRuns,
  ScheduleStore,
  StoredSchedule,
} from '../schedule-ports';
import type { ScheduleChecks } from './schedule-checks';
import { conductOf } from './schedule-terms';
import { scheduleSummary, scheduleView, type ShownSchedule } from './schedule-view';
import { decodeNamed, encodeNamed } from './named-cursor';

export interface SchedulesParts {
  store: ScheduleStore;
  runs: Pick<ScheduledRuns, 'state'>;
  checks: ScheduleChecks;
  /** The id of the run for a time, epoch ms. */
  runIdOf(of: NamedSchedule, at: number): string;
  /** To whoever schedules. */
  changed(of: NamedSchedule): void;
  clock: Clock;
  logger: Pick<Logger, 'info'>;
}

/** Others change it too: so often it is read again. */
const TRIES = 20;
const SHOWN = { next: 5, recent: 10 };

type Change = Pick<StoredSchedule, 'state'> & { body?: ScheduleBody };

/** Schedules as people make, read and change them, on any replica. What they start is started by the scheduler. */
export class Schedules {
  constructor(private readonly parts: SchedulesParts) {}

  /**
   * One that is there already, and is the same, is answered as it is.
   * @param given as it came: everything that is wrong with it is told at once
   * @param way by which it came, where it names nobody
   * @throws MultiswarmError `invalid-request` with all findings; `body-too-large`; `schedule-exists`
   */
  async create(given: unknown, way: string): Promise<Schedule> {
    const asked = parseOrThrow(CreateSchedule, given);
    const { namespace, name, paused: isPaused, note, dryRun, requestedBy = way, ...spec } = asked;
    const now = this.parts.clock.now();
    await this.parts.checks.check({ namespace, name, body: spec }, now);
    const at = new Date(now).toISOString();
    const pausedBy = { note: note ?? 'created paused', requestedBy };
    const state = isPaused ? paused(newState(now), pausedBy, now) : newState(now);
    const made = { namespace, name, body: { ...spec, createdAt: at, updatedAt: at, requestedBy }, state };
    if (dryRun) return this.view(made);
    if ((await this.parts.store.create(made, wakeAt(conductOf(made), state, now))) !== undefined) {
      this.told('schedule created', made, requestedBy);
      return this.view(made);
    }
    const known = await this.read(made);
    if (bodyHash(specOf(known.body)) === bodyHash(spec)) return this.view(known);
    const message = `there is a schedule "${name}" in namespace "${namespace}" that is another one: update it, or choose another name`;
    throw new MultiswarmError('schedule-exists', message);
  }

  /**
   * Its times from now on, where these change; what has started, or waits, stays as it is.
   * @throws MultiswarmError `schedule-not-found`, and as `create`
   */
  async update(name: string, given: unknown, way: string): Promise<Schedule> {
    const { namespace, dryRun, requestedBy = way, ...changes } = parseOrThrow(UpdateScheduleBody, given);
    const updated = async (stored: StoredSchedule): Promise<Required<Change>> => {
      const spec = withChanges(specOf(stored.body), changes);
      const now = this.parts.clock.now();
      await this.parts.checks.check({ namespace, name, body: spec }, now);
      const body = {
        ...spec,
        createdAt: stored.body.createdAt,
        updatedAt: new Date(now).toISOString(),
        requestedBy,
      };
      return { body, state: isRetimed(stored.body, body) ? retimed(stored.state, now) : stored.state };
    };
    if (dryRun) {
      const stored = await this.read({ namespace, name });
      return this.view({ ...stored, ...(await updated(stored)) });
    }
    const after = await this.change({ namespace, name }, updated);
    this.told('schedule updated', after, requestedBy);
    return this.view(after);
  }

  /** @throws MultiswarmError `schedule-not-found` */
  async get({ namespace, name, ...show }: GetScheduleQuery): Promise<Schedule> {
    return this.view(await this.read({ namespace, name }), show);
  }

  /** By namespace and name, each with its next time. */
  async list({ namespace, limit, cursor }: ListSchedulesQuery): Promise<SchedulePage> {
    const { items, last } = await this.parts.store.list(namespace, decodeNamed(cursor), limit);
    const now = this.parts.clock.now();
    const states = await this.statesOf(items.flatMap(({ state }) => state.running.map(({ id }) => id)));
    const ends = new Map([...states].filter(([, state]) => state !== 'running'));
    return {
      items: items.map((item) => scheduleSummary({ ...item, state: ended(item.state, ends) }, 1, now)),
      next: last === undefined ? null : encodeNamed(last),
    };
  }

  /** Starts none of its times, and nothing of what waits, until it is resumed. */
  pause({ note, requestedBy, ...of }: PauseSchedule & { requestedBy: string }): Promise<Schedule> {
    return this.act('schedule paused', of, requestedBy, ({ state }) => ({
      state: paused(state, { note, requestedBy }, this.parts.clock.now()),
    }));
  }

  resume({ requestedBy, ...of }: ResumeSchedule & { requestedBy: string }): Promise<Schedule> {
    return this.act('schedule resumed', of, requestedBy, ({ state }) => ({
      state: resumed(state, this.parts.clock.now()),
    }));
  }

  /** One run now, as its overlap policy allows, also where it is paused. */
  async trigger({
    namespace,
    name,
    ...asked
  }: TriggerSchedule & { requestedBy: string }): Promise<ScheduleTriggered> {
    let at = 0;
    const of = { namespace, name };
    await this.act('schedule triggered', of, asked.requestedBy, ({ state }) => {
      const after = triggered(state, asked, this.parts.clock.now());
      at = after.at;
      return after;
    });
    return { at: new Date(at).toISOString(), workflowId: this.parts.runIdOf(of, at) };
  }

  /** Runs for the times of a range that has passed; a time that has its run already starts no other one. */
  async backfill({
    namespace,
    name,
    dryRun,
    ...asked
  }: BackfillSchedule & { requestedBy: string }): Promise<ScheduleBackfilled> {
    const of = { namespace, name };
    const after = (stored: StoredSchedule) =>
      backfilled(stored.state, conductOf(stored).times, asked, this.parts.clock.now());
    if (dryRun) return told(after(await this.read(of)).times);
    let times: number[] = [];
    await this.act('schedule backfilled', of, asked.requestedBy, (stored) => {
      const done = after(stored);
      times = done.times;
      return done;
    });
    return told(times);
  }

  /** What it has started goes on. */
  async remove({
    namespace,
    name,
    requestedBy,
  }: DeleteSchedule & { requestedBy: string }): Promise<DeletedSchedule> {
    const of = { namespace, name };
    if (!(await this.parts.store.remove(of))) throw noSchedule(of);
    this.told('schedule deleted', of, requestedBy);
    return of;
  }

  private async act(
    what: string,
    of: NamedSchedule,
    requestedBy: string,
    change: (stored: StoredSchedule) => Change,
  ): Promise<Schedule> {
    const after = await this.change(of, (stored) => Promise.resolve(change(stored)));
    this.told(what, of, requestedBy);
    return this.view(after);
  }

  private told(what: string, { namespace, name }: NamedSchedule, requestedBy: string): void {
    this.parts.changed({ namespace, name });
    this.parts.logger.info(what, { namespace, name, requestedBy });
  }

  private async change(
    of: NamedSchedule,
    change: (stored: StoredSchedule) => Promise<Change>,
  ): Promise<StoredSchedule> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const stored = await this.read(of);
      const changes = await change(stored);
      const after = { ...stored, ...changes };
      const wake = wakeAt(conductOf(after), after.state, this.parts.clock.now());
      const written = { ...changes, revision: stored.revision, wakeAt: wake };
      const revision = await this.parts.store.change(of, written);
      if (revision !== undefined) return { ...after, revision };
    }
    throw new MultiswarmError(
      'schedule-changing',
      `"${of.name}" was changed by others at the same time: repeat it`,
    );
  }

  private async read(of: NamedSchedule): Promise<StoredSchedule> {
    const found = await this.parts.store.get(of);
    if (!found) throw noSchedule(of);
    return found;
  }

  /** With the states of its runs as they are now. */
  private async view(shown: ShownSchedule, show = SHOWN): Promise<Schedule> {
    const { running, recent } = shown.state;
    const open = new Set(running.map(({ id }) => id));
    for (const { id, state } of recent.slice(-show.recent))
      if (id !== undefined && state === undefined) open.add(id);
    const states = await this.statesOf([...open]);
    const ends = new Map([...states].filter(([, state]) => state !== 'running'));
    const now = this.parts.clock.now();
    return scheduleView({ ...shown, state: ended(shown.state, ends) }, show, states, now);
  }

  /** Of runs, as they are now: whoever schedules notes an end a little later. */
  private async statesOf(ids: readonly string[]): Promise<Map<string, WorkflowState | undefined>> {
    return new Map(await Promise.all(ids.map(async (id) => [id, await this.parts.runs.state(id)] as const)));
  }
}

type Spec = Omit<ScheduleBody, 'createdAt' | 'updatedAt' | 'requestedBy'>;

function specOf({
  createdAt: _created,
  updatedAt: _updated,
  requestedBy: _who,
  ...spec
}: ScheduleBody): Spec {
  return spec;
}

/** Null takes away what may be absent. */
function withChanges(
  spec: Spec,
  changes: Omit<UpdateScheduleBody, 'namespace' | 'dryRun' | 'requestedBy'>,
): Spec {
  const merged = { ...spec, ...changes };
  const kept = Object.entries(merged).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(kept) as unknown as Spec; // only what may be absent may be null
}

function isRetimed(before: ScheduleBody, after: ScheduleBody): boolean {
  return (['cron', 'timeZone', 'from', 'until'] as const).some((field) => before[field] !== after[field]);
}

function told(times: readonly number[]): ScheduleBackfilled {
  const [first, last] = [times[0], times.at(-1)];
  return {
    times: times.length,
    ...(first === undefined ? {} : { first: new Date(first).toISOString() }),
    ...(last === undefined ? {} : { last: new Date(last).toISOString() }),
  };
}

function noSchedule({ namespace, name }: NamedSchedule): MultiswarmError {
  return new MultiswarmError(
    'schedule-not-found',
    `there is no schedule "${name}" in namespace "${namespace}"`,
  );
}
