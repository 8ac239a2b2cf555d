import { LIMITS, type Heartbeat, type Swarm } from '@multiswarm/contracts';
import { heartbeatLiveness, missedHeartbeats } from '@multiswarm/core';

/** Intervals without a heartbeat after which a swarm is forgotten. */
export const FORGET_AFTER_INTERVALS = 60;

export type PresenceState = Swarm['state'];

export interface Seen {
  swarmId: string;
  region: string;
  state: PresenceState;
  /** How long it has been silent. */
  silentMs: number;
}

interface Entry {
  region: string;
  instance: string;
  seq: number;
  state: 'ready' | 'cordoned' | 'draining';
  intervalMs: number;
  heardAtMs: number;
}

/** What a heartbeat did: `stale` ones are older than what is known, `full` ones met the limit. */
export type Heard = 'joined' | 'renewed' | 'left' | 'stale' | 'full';

/**
 * Who is there, from heartbeats alone. Every replica hears all of them, so all replicas know the same.
 *
 * P1. Silence ends presence: suspect at 2 missed intervals, down at 3; suspect swarms still get messages, down ones do not.
 * P2. A heartbeat that was overtaken changes nothing: neither an older one of the same process, nor the farewell of a
 *     process that another one has replaced already.
 * P3. Times are given by the caller and monotonic; the table never grows beyond its limit.
 */
export class Presence {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly limit: number = LIMITS.SWARMS_IN_VIEW) {}

  heard(beat: Heartbeat, nowMs: number): Heard {
    const known = this.entries.get(beat.swarmId);
    const sameProcess = known?.instance === beat.instance;
    if (known && sameProcess && beat.seq <= known.seq) return 'stale';
    if (beat.state === 'stopped') {
      if (!sameProcess) return 'stale';
      this.entries.delete(beat.swarmId);
      return 'left';
    }
    if (!known && this.entries.size >= this.limit) return 'full';
    const { region, instance, seq, state, intervalMs } = beat;
    this.entries.set(beat.swarmId, { region, instance, seq, state, intervalMs, heardAtMs: nowMs });
    return known && stateOf(known, nowMs) !== 'down' ? 'renewed' : 'joined';
  }

  look(swarmId: string, nowMs: number): Seen | undefined {
    const entry = this.entries.get(swarmId);
    return entry && toSeen(swarmId, entry, nowMs);
  }

  isPresent(swarmId: string, nowMs: number): boolean {
    const entry = this.entries.get(swarmId);
    return entry !== undefined && stateOf(entry, nowMs) !== 'down';
  }

  /** Ids of all swarms that are not down, sorted. */
  present(nowMs: number): string[] {
    const ids: string[] = [];
    for (const [id, entry] of this.entries) if (stateOf(entry, nowMs) !== 'down') ids.push(id);
    return ids.sort();
  }

  presentByRegion(nowMs: number): Map<string, number> {
    const counts = new Map<string, number>();
    for (const entry of this.entries.values()) {
      if (stateOf(entry, nowMs) !== 'down') counts.set(entry.region, (counts.get(entry.region) ?? 0) + 1);
    }
    return counts;
  }

  /** Drops what has been silent for so long that nobody asks for it any more. */
  forgetSilent(nowMs: number): void {
    for (const [id, entry] of this.entries) {
      if (missedHeartbeats(nowMs - entry.heardAtMs, entry.intervalMs) >= FORGET_AFTER_INTERVALS)
        this.entries.delete(id);
    }
  }
}

function stateOf(entry: Entry, nowMs: number): PresenceState {
  const liveness = heartbeatLiveness(nowMs - entry.heardAtMs, entry.intervalMs);
  return liveness === 'alive' ? entry.state : liveness;
}

function toSeen(swarmId: string, entry: Entry, nowMs: number): Seen {
  return { swarmId, region: entry.region, state: stateOf(entry, nowMs), silentMs: nowMs - entry.heardAtMs };
}
