import {
  LIMITS,
  MultiswarmError,
  type EndpointChanged,
  type EndpointRegistration,
  type ExternalEndpoint,
  type RegisterEndpoint,
  type RemoveEndpoint,
} from '@multiswarm/contracts';
import { every, Recent, type Cancel, type Clock, type Ids } from '@multiswarm/core';
import type { EndpointStore, RegisteredEndpoint } from '../ports';
import type { EndpointMember } from '../domain/member';

/** How often this replica heartbeats for each endpoint that holds. */
const BEAT_MS = 1_000;
/** News may get lost on their way: all of it is read again this often. */
const REFRESH_MS = 30_000;
/** An endpoint whose TTL ran out so long ago is removed from the store. */
const REMOVE_AFTER_MS = 10 * 60_000;
/** Removals that are remembered, so that a registration which was overtaken by one does not bring its endpoint back. */
const REMOVALS = 10_000;

export interface ExternalEndpointParts {
  store: EndpointStore;
  clock: Clock;
  ids: Ids;
  defaultSlots: number;
  /** Takes what an endpoint would say if it could heartbeat. */
  beat(member: EndpointMember): void;
  /** To all replicas, this one among them. */
  announce(change: EndpointChanged): void;
  /** Whether a swarm is in view under that id, if only as down. */
  isSwarm(id: string): boolean;
  onFault: (error: unknown) => void;
}

interface Known {
  endpoint: ExternalEndpoint;
  /** Monotonic time until which it holds. */
  holdsUntilMs: number;
  beats: number;
}

/**
 * Endpoints that somebody has registered: kept in Redis, at hand on every replica, and heartbeaten for by each replica on its
 * own as long as they hold. So they are members of the fleet like swarms, and fall silent, suspect and down as those do.
 *
 * E1. Of two readings of an endpoint the one with the higher revision counts, and of the same revision the one renewed later.
 * E2. A removal counts as a reading with a revision of its own.
 * E3. Without Redis nothing is registered or removed; what is known is served on.
 * E4. An id that a swarm heartbeats with is not registered, and a swarm that takes the id of an endpoint wins: it holds work.
 */
export class ExternalEndpoints {
  private readonly known = new Map<string, Known>();
  private readonly removals = new Recent<string, number>(REMOVALS);
  private readonly cancels: Cancel[] = [];

  constructor(private readonly parts: ExternalEndpointParts) {}

  /** @throws MultiswarmError `store-unavailable`: a replica that knows none of them would answer that there are none */
  async start(): Promise<void> {
    const { clock, onFault } = this.parts;
    await this.refresh();
    this.cancels.push(
      every(clock, BEAT_MS, () => this.beatAll()),
      every(clock, REFRESH_MS, async () => {
        await this.refresh().catch(onFault);
      }),
    );
  }

  stop(): void {
    for (const cancel of this.cancels.splice(0)) cancel();
  }

  get(swarmId: string): ExternalEndpoint | undefined {
    return this.known.get(swarmId)?.endpoint;
  }

  /** Registers it, replaces what was registered under its id, or renews it where it is the same. */
  async register({ endpoint: given, ifRevision }: RegisterEndpoint): Promise<ExternalEndpoint> {
    const wanted = this.complete(given);
    const { swarmId } = wanted;
    if (this.parts.isSwarm(swarmId)) throw swarmHasIt(swarmId);
    const endpoint = await this.parts.store.put(wanted, this.parts.ids.next(), ifRevision);
    if (endpoint === 'full') throw tooMany();
    if (endpoint === 'conflict') throw changedSince(swarmId, ifRevision);
    this.tell({ v: 1, swarmId, revision: endpoint.revision, endpoint });
    return endpoint;
  }

  /** @throws MultiswarmError `endpoint-not-found`, `revision-conflict`, `store-unavailable` */
  async remove({ swarmId, ifRevision }: RemoveEndpoint): Promise<number> {
    const revision = await this.parts.store.remove(swarmId, { ifRevision });
    if (revision === 'absent') throw notRegistered(swarmId);
    if (revision === 'conflict') throw changedSince(swarmId, ifRevision);
    this.tell({ v: 1, swarmId, revision });
    return revision;
  }

  /** E1, E2: what this replica or another one has stored. */
  observe({ swarmId, revision, endpoint }: EndpointChanged): void {
    if (endpoint !== undefined) this.learn(endpoint, 0);
    else this.forget(swarmId, revision);
  }

  /** Reads all of them again, where that is possible. */
  refreshSoon(): void {
    void this.refresh().catch(this.parts.onFault);
  }

  /** Reads all of them again. */
  async refresh(): Promise<void> {
    const { endpoints, revision, nowMs } = await this.parts.store.all();
    const stored = new Set<string>();
    for (const endpoint of endpoints) {
      const ageMs = Math.max(0, nowMs - endpoint.renewedAt);
      if (await this.removeLongExpired(endpoint, nowMs)) continue;
      stored.add(endpoint.swarmId);
      this.learn(endpoint, ageMs);
    }
    for (const [swarmId, { endpoint }] of this.known)
      if (!stored.has(swarmId) && endpoint.revision <= revision) this.forget(swarmId, revision);
  }

  private tell(change: EndpointChanged): void {
    this.observe(change);
    this.parts.announce(change);
  }

  private learn(endpoint: ExternalEndpoint, ageMs: number): void {
    const { swarmId, revision, renewedAt, ttlMs } = endpoint;
    const known = this.known.get(swarmId);
    const newest = known?.endpoint;
    if (revision <= (this.removals.get(swarmId) ?? 0)) return;
    if (newest !== undefined && isAtLeast(newest, revision, renewedAt)) return;
    const holdsUntilMs = this.parts.clock.monotonic() + (ttlMs ?? Infinity) - ageMs;
    const next = { endpoint, holdsUntilMs, beats: known?.beats ?? 0 };
    this.known.set(swarmId, next);
    this.beat(next);
  }

  private forget(swarmId: string, revision: number): void {
    this.removals.set(swarmId, Math.max(revision, this.removals.get(swarmId) ?? 0));
    const known = this.known.get(swarmId);
    if (known === undefined || known.endpoint.revision > revision) return;
    this.known.delete(swarmId);
    known.beats += 1;
    this.parts.beat(memberOf(known, 'stopped', this.parts.clock.now()));
  }

  private beatAll(): void {
    for (const known of this.known.values()) this.beat(known);
  }

  /** It falls silent when its TTL has run out. */
  private beat(known: Known): void {
    if (this.parts.clock.monotonic() >= known.holdsUntilMs) return;
    known.beats += 1;
    this.parts.beat(memberOf(known, 'ready', this.parts.clock.now()));
  }

  private async removeLongExpired({ swarmId, revision, renewedAt, ttlMs }: ExternalEndpoint, nowMs: number) {
    if (ttlMs === undefined || renewedAt + ttlMs + REMOVE_AFTER_MS > nowMs) return false;
    const condition = { ifRevision: revision, unlessRenewedAfter: renewedAt };
    return typeof (await this.parts.store.remove(swarmId, condition)) === 'number';
  }

  private complete(given: EndpointRegistration): RegisteredEndpoint {
    const endpoint = { ...given, slots: given.slots ?? this.parts.defaultSlots };
    const bytes = Buffer.byteLength(JSON.stringify(endpoint));
    if (bytes <= LIMITS.ENDPOINT_BYTES) return endpoint;
    const message = `a registration may have ${LIMITS.ENDPOINT_BYTES} bytes (ENDPOINT_BYTES), this one has ${bytes}`;
    throw new MultiswarmError('body-too-large', message);
  }
}

function isAtLeast(newest: ExternalEndpoint, revision: number, renewedAt: number): boolean {
  return newest.revision > revision || (newest.revision === revision && newest.renewedAt >= renewedAt);
}

function memberOf(
  { endpoint, beats }: Known,
  state: EndpointMember['state'],
  sentAt: number,
): EndpointMember {
  const {
    address: _address,
    ttlMs: _ttl,
    revision: _revision,
    registeredAt: _since,
    renewedAt: _renewed,
    ...profile
  } = endpoint;
  const heartbeat = { seq: beats, sentAt, intervalMs: BEAT_MS, state, held: [], resourcesUsed: {} };
  return { v: 1, kind: 'external', ...profile, ...heartbeat };
}

function swarmHasIt(swarmId: string): MultiswarmError {
  const message = `a swarm heartbeats as "${swarmId}": register the endpoint under another id`;
  return new MultiswarmError('endpoint-conflict', message, {
    findings: [{ pointer: '/swarmId', code: 'endpoint-conflict', message }],
  });
}

function changedSince(swarmId: string, ifRevision = 0): MultiswarmError {
  const message =
    ifRevision === 0
      ? `endpoint ${swarmId} is registered already`
      : `endpoint ${swarmId} was changed since revision ${ifRevision} was read: read it again`;
  return new MultiswarmError('revision-conflict', message);
}

export function notRegistered(swarmId: string): MultiswarmError {
  return new MultiswarmError(
    'endpoint-not-found',
    `no endpoint "${swarmId}" is registered, and no swarm heartbeats as that`,
  );
}

function tooMany(): MultiswarmError {
  const message = `at most ${LIMITS.ENDPOINTS} external endpoints are registered (ENDPOINTS): remove some`;
  return new MultiswarmError('invalid-request', message, {
    findings: [{ pointer: '/swarmId', code: 'too-many-endpoints', message }],
  });
}
