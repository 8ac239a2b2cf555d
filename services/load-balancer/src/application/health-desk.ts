import {
  HEALTH_STATES,
  LIMITS,
  MultiswarmError,
  type CancelledMaintenance,
  type EndpointHealth,
  type Forced,
  type ForceRequest,
  type HealthEvent,
  type HealthEventPage,
  type HealthEventsQuery,
  type HealthPage,
  type ListHealthQuery,
  type MaintenancePage,
  type MaintenanceRequest,
  type MaintenanceWindow,
  type ResetRequest,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { Logger, Metrics } from '@multiswarm/telemetry';
import type { HealthBook, HealthChange } from '../domain/health/health-book';
import { HealthControls, type WindowChange } from '../domain/health/health-controls';
import { healthOf, windowOf } from '../domain/health/health-views';
import type { Moment } from '../domain/moment';
import type { HealthAnnouncer, HealthStore } from '../ports';

export interface HealthDeskParts {
  book: HealthBook;
  store: HealthStore;
  announcer: HealthAnnouncer;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  metrics: Metrics;
}

type NewEvent = Omit<HealthEvent, 'v' | 'id' | 'at' | 'replica'>;

/** How often it is told who gets nothing; orchestrators believe it for three times as long. */
const TELL_UNWELL_MS = 2_000;
/** Who asked, where nobody says a name. */
const SOMEBODY = 'somebody';

/**
 * What people see of the health of swarms, and what they do about it.
 *
 * D1. What an operator sets is in the store, with who and why, before it is answered; every replica, and one that starts later,
 *     reads it there.
 * D2. A reset reaches every replica that runs: each resets what the list of what was done tells it, once.
 */
export class HealthDesk {
  private readonly replica: string;
  private readonly controls = new HealthControls();
  private readonly recent: HealthEvent[] = [];
  private toldUnwellAtMs = -Infinity;
  private saidUnwell = false;
  private revision = -1;
  private reading: Promise<void> | undefined;
  private mustReadAgain = false;

  constructor(private readonly parts: HealthDeskParts) {
    this.replica = parts.ids.next();
    parts.metrics.gauge('multiswarm.health.swarms', () => {
      const counts = parts.book.counts();
      return HEALTH_STATES.map((state) => [counts.get(state) ?? 0, { state }] as const).map(
        ([...each]) => each,
      );
    });
  }

  /** Reads what is set. Throws `store-unavailable`. */
  async start(): Promise<void> {
    await this.read();
  }

  /** What is set may have changed. Never rejects: what cannot be read now is read at the next occasion. */
  refreshSoon(): void {
    if (this.reading !== undefined) {
      this.mustReadAgain = true;
      return;
    }
    this.reading = this.read()
      .catch((error: unknown) => this.parts.logger.warn('what is set of health could not be read', { error }))
      .finally(() => {
        this.reading = undefined;
        if (this.mustReadAgain) this.refreshSoon();
        this.mustReadAgain = false;
      });
  }

  /** Somebody says that the store has this revision. */
  changed(revision: number): void {
    if (revision > this.revision) this.refreshSoon();
  }

  /** To be called a few times a second. */
  tick(): void {
    const { book } = this.parts;
    const now = this.now();
    const { windows, ranOut } = this.controls.tick(now.wallMs);
    if (windows.length > 0 || ranOut.length > 0) book.apply(this.controls, now);
    book.tick(now);
    for (const change of windows) this.tellWindow(change);
    for (const forced of ranOut) this.tellRanOut(forced);
    const changes = book.takeChanges();
    for (const change of changes) this.tellChange(change);
    this.tellUnwell(changes.length > 0, now);
    const over = windows.filter(({ phase }) => phase === 'over').map(({ window }) => window);
    if (over.length + ranOut.length > 0) this.forget([...over, ...ranOut]);
  }

  /** Throws `swarm-not-found`. */
  health(swarmId: string): EndpointHealth {
    const swarm = this.parts.book.get(swarmId);
    if (swarm === undefined)
      throw new MultiswarmError('swarm-not-found', `no swarm "${swarmId}" is up: there is no health to tell`);
    return healthOf(swarm, this.controls, this.now());
  }

  list({ all, limit }: ListHealthQuery): HealthPage {
    const { book } = this.parts;
    const now = this.now();
    const items: EndpointHealth[] = [];
    for (const swarm of book.all()) {
      if (items.length >= limit) break;
      if (all || swarm.state !== 'ready') items.push(healthOf(swarm, this.controls, now));
    }
    return { items, counts: Object.fromEntries(book.counts()), isPanic: book.isPanic, next: null };
  }

  /** D1. Also for a swarm that is away: it is in force when it comes. */
  async force(swarmId: string, { to, why, until, requestedBy = SOMEBODY }: ForceRequest): Promise<Forced> {
    const { wallMs } = this.now();
    if (until !== undefined && Date.parse(until) <= wallMs)
      throw refused('/until', 'too-small', 'must be in the future');
    const at = new Date(wallMs).toISOString();
    const forced: Forced = { swarmId, to, why, requestedBy, at, ...(until === undefined ? {} : { until }) };
    const event = this.event({
      type: 'health.forced',
      reason: why,
      ...{ swarmId, to, requestedBy },
      ...(until === undefined ? {} : { until }),
    });
    const done = await this.parts.store.force(forced, event);
    if (done === 'full')
      throw refused('', 'too-many', `${LIMITS.HEALTH_FORCED} swarms are forced already: reset some of them`);
    await this.share(done.revision, event);
    return forced;
  }

  /** D2. */
  async reset(swarmId: string, { why, requestedBy = SOMEBODY }: ResetRequest): Promise<{ swarmId: string }> {
    const event = this.event({ type: 'health.reset', reason: why, swarmId, requestedBy });
    const done = await this.parts.store.unforce(swarmId, event);
    if (done !== 'full') await this.share(done.revision, event);
    return { swarmId };
  }

  async plan({ requestedBy = SOMEBODY, ...span }: MaintenanceRequest): Promise<MaintenanceWindow> {
    const { wallMs } = this.now();
    const window: MaintenanceWindow = {
      ...span,
      id: `m-${this.parts.ids.next()}`,
      requestedBy,
      at: new Date(wallMs).toISOString(),
    };
    if (windowOf(window, wallMs).next === undefined)
      throw refused('/until', 'too-small', 'the window is over already: give a time to come');
    const event = this.event({
      type: 'maintenance.planned',
      reason: window.why,
      ...{ maintenanceId: window.id, requestedBy, until: window.until },
    });
    const done = await this.parts.store.plan(window, event);
    if (done === 'full')
      throw refused('', 'too-many', `there are ${LIMITS.MAINTENANCE_WINDOWS} windows already: cancel some`);
    await this.share(done.revision, event);
    return window;
  }

  async cancel(id: string, requestedBy = SOMEBODY): Promise<CancelledMaintenance> {
    const event = this.event({
      type: 'maintenance.cancelled',
      reason: 'on request',
      maintenanceId: id,
      requestedBy,
    });
    const done = await this.parts.store.cancel(id, event);
    if (done !== 'full') await this.share(done.revision, event);
    return { id, wasPlanned: done !== 'full' && done.wasThere };
  }

  windows(): MaintenancePage {
    const { wallMs } = this.now();
    return { items: this.controls.all().map((window) => windowOf(window, wallMs)), next: null };
  }

  /** The newest first: what this replica has seen, and what operators have done since it started. */
  events({ swarm, limit }: HealthEventsQuery): HealthEventPage {
    const items = [...this.recent].reverse();
    return { items: items.filter((event) => isAbout(event, swarm)).slice(0, limit), next: null };
  }

  /** The newest first: what operators have done, as far as it is kept. Throws `store-unavailable`. */
  async audit({ swarm, limit }: HealthEventsQuery): Promise<HealthEventPage> {
    const { audit } = await this.parts.store.read();
    const items = audit.map(({ event }) => event).filter((event) => isAbout(event, swarm));
    return { items: items.slice(0, limit), next: null };
  }

  /** A user's own policy is off: requests that ask for it are placed by another one. */
  policyTurnedOff(policy: string, reason: string): void {
    this.tell({ type: 'policy.turned-off', reason, policy });
  }

  private async read(): Promise<void> {
    const { book, store } = this.parts;
    const { forced, windows, revision, audit } = await store.read();
    const now = this.now();
    this.controls.replace(forced, windows);
    for (const { revision: done, event } of [...audit].reverse())
      if (this.revision >= 0 && done > this.revision) this.takeOver(event, now);
    this.revision = Math.max(this.revision, revision);
    for (const change of this.controls.tick(now.wallMs).windows) this.tellWindow(change);
    book.apply(this.controls, now);
  }

  /** D2. */
  private takeOver(event: HealthEvent, now: Moment): void {
    if (event.type === 'health.reset' && event.swarmId !== undefined)
      this.parts.book.reset(event.swarmId, now);
    this.keep(event);
  }

  /** D1. */
  private async share(revision: number, event: HealthEvent): Promise<void> {
    const { announcer, logger } = this.parts;
    const { type, swarmId, maintenanceId, requestedBy, reason } = event;
    logger.info(type, { swarmId, maintenanceId, requestedBy, reason });
    announcer.healthEvent(event);
    announcer.healthChanged(revision);
    // The answer is seen in the next question to this replica.
    await this.read().catch((error: unknown) => {
      logger.warn('what is set of health could not be read', { error });
    });
  }

  private forget(over: (Forced | MaintenanceWindow)[]): void {
    void this.parts.store.forget(over).catch((error: unknown) => {
      this.parts.logger.debug('what is over stays in the store for now', { error });
    });
  }

  private tellChange(change: HealthChange): void {
    const { logger } = this.parts;
    if (change.kind === 'panic') {
      const { isPanic, group, routable, up } = change;
      const whom = group === undefined ? 'the fleet' : `those with types and capabilities ${group}`;
      const reason = `${routable} of ${up} swarms of ${whom} are well`;
      this.tell({ type: isPanic ? 'health.panic-began' : 'health.panic-ended', reason, swarms: up });
      logger.warn(isPanic ? 'too few swarms are well' : 'enough swarms are well again', {
        routable,
        up,
        group,
      });
      return;
    }
    const { swarm, from, to, reason } = change;
    const { swarmId } = swarm;
    const { region } = swarm.facts;
    this.tell({ type: 'health.changed', reason, swarmId, region, from, to });
    this.parts.metrics.counter('multiswarm.health.changes').add(1, { to });
    const isBad = to === 'open' || to === 'ejected';
    logger[isBad ? 'warn' : 'info'](`health of a swarm is ${to}`, { swarmId, region, from, reason });
  }

  private tellWindow({ window, phase }: WindowChange): void {
    if (phase === 'later') return;
    const type = ({ announced: 'announced', active: 'began', over: 'ended' } as const)[phase];
    const { next } = windowOf(window, this.now().wallMs);
    this.tell({
      type: `maintenance.${type}`,
      reason: next === undefined ? window.why : `${next.from} to ${next.until}: ${window.why}`,
      ...{ maintenanceId: window.id, requestedBy: window.requestedBy },
    });
    this.parts.logger.info(`maintenance.${type}`, { maintenanceId: window.id, reason: window.why });
  }

  private tellUnwell(hasChanged: boolean, { monotonicMs }: Moment): void {
    if (!hasChanged && monotonicMs - this.toldUnwellAtMs < TELL_UNWELL_MS) return;
    const swarmIds = this.parts.book.unwell(LIMITS.UNWELL_SWARMS);
    if (swarmIds.length === 0 && !this.saidUnwell) return;
    this.toldUnwellAtMs = monotonicMs;
    this.saidUnwell = swarmIds.length > 0;
    this.parts.announcer.unwell({ v: 1, replica: this.replica, swarmIds });
  }

  private tellRanOut({ swarmId, to, requestedBy, until }: Forced): void {
    const reason = `forced ${to} until ${until ?? ''}: that is over`;
    this.tell({ type: 'health.reset', reason, swarmId, requestedBy });
  }

  private tell(event: NewEvent): void {
    const told = this.event(event);
    this.keep(told);
    this.parts.announcer.healthEvent(told);
  }

  private event(event: NewEvent): HealthEvent {
    const { ids } = this.parts;
    return { v: 1, id: `e-${ids.next()}`, at: this.now().wallMs, replica: this.replica, ...event };
  }

  private keep(event: HealthEvent): void {
    this.recent.push(event);
    if (this.recent.length > LIMITS.HEALTH_EVENTS) this.recent.shift();
  }

  private now(): Moment {
    return { wallMs: this.parts.clock.now(), monotonicMs: this.parts.clock.monotonic() };
  }
}

function isAbout(event: HealthEvent, swarmId: string | undefined): boolean {
  return swarmId === undefined || event.swarmId === swarmId;
}

function refused(pointer: string, code: string, message: string): MultiswarmError {
  return new MultiswarmError('invalid-request', message, { findings: [{ pointer, code, message }] });
}
