import type { AttemptRef, Heartbeat, RegionView, Swarm } from '@multiswarm/contracts';

/** A heartbeat is missed after this many of the swarm's own intervals: first suspect, then down. */
const SUSPECT_INTERVALS = 2;
const DOWN_INTERVALS = 3;

interface Member {
  heartbeat: Heartbeat;
  seenAt: number;
  state: 'ready' | 'draining' | 'suspect' | 'down';
}

export interface MembershipChange {
  joined?: string;
  left?: string;
  /** Attempts that the swarm held and cannot report any more. */
  lost: { swarmId: string; attempts: AttemptRef[]; reason: string }[];
}

/**
 * Who is there, by heartbeats. Pure: `at` is a monotonic time in milliseconds.
 *
 * M1. A heartbeat that is not newer than the last of the same instance changes nothing.
 * M2. A new instance of a swarm has forgotten what the old one held: those attempts are lost at once.
 * M3. A swarm that is silent for three of its intervals is down, and what it held is lost; each attempt is lost once.
 */
export class Membership {
  private readonly members = new Map<string, Member>();

  constructor(private readonly limit: (heartbeat: Heartbeat) => string | undefined = () => undefined) {}

  /** @returns the change, or the reason for which a new swarm is not admitted. */
  observe(heartbeat: Heartbeat, at: number): MembershipChange | { refused: string } {
    const known = this.members.get(heartbeat.swarmId);
    if (!known || known.state === 'down') {
      if (heartbeat.state === 'stopped') return { lost: [] };
      const refused = known ? undefined : this.limit(heartbeat);
      if (refused !== undefined) return { refused };
      this.members.set(heartbeat.swarmId, { heartbeat, seenAt: at, state: heartbeat.state });
      return { joined: heartbeat.swarmId, lost: [] };
    }
    const same = known.heartbeat.instance === heartbeat.instance;
    if (same && heartbeat.seq <= known.heartbeat.seq) return { lost: [] }; // M1
    if (!same && heartbeat.sentAt < known.heartbeat.sentAt) return { lost: [] };
    const lost = same ? [] : this.lose(known, 'the swarm was restarted'); // M2
    if (heartbeat.state === 'stopped') {
      this.members.delete(heartbeat.swarmId);
      return {
        left: heartbeat.swarmId,
        lost: [...lost, ...(same ? this.lose({ ...known, heartbeat }, 'the swarm was stopped') : [])],
      };
    }
    this.members.set(heartbeat.swarmId, { heartbeat, seenAt: at, state: heartbeat.state });
    return { lost };
  }

  /** Lets time pass: silent swarms become suspect, then down. */
  tick(at: number): MembershipChange[] {
    const changes: MembershipChange[] = [];
    for (const [swarmId, member] of this.members) {
      if (member.state === 'down') continue;
      const silent = (at - member.seenAt) / Math.max(1, member.heartbeat.intervalMs);
      if (silent >= DOWN_INTERVALS) {
        const lost = this.lose(member, `no heartbeat for ${Math.round(at - member.seenAt)} ms`); // M3
        this.members.set(swarmId, { ...member, state: 'down' });
        changes.push({ left: swarmId, lost });
      } else if (silent >= SUSPECT_INTERVALS) this.members.set(swarmId, { ...member, state: 'suspect' });
    }
    return changes;
  }

  /** Forgets swarms that have been down for `ms`. */
  forget(at: number, ms: number): void {
    for (const [swarmId, member] of this.members) {
      if (member.state === 'down' && at - member.seenAt > ms) this.members.delete(swarmId);
    }
  }

  has(swarmId: string): boolean {
    const member = this.members.get(swarmId);
    return member !== undefined && member.state !== 'down';
  }

  /** Swarms that are not down, of one region or of all. */
  count(region?: string): number {
    return this.alive().filter(({ heartbeat }) => region === undefined || heartbeat.region === region).length;
  }

  held(): AttemptRef[] {
    return this.alive().flatMap(({ heartbeat }) => heartbeat.held);
  }

  /** @param monotonicToEpoch what to add to a monotonic time to get epoch milliseconds */
  swarms(monotonicToEpoch: number): Swarm[] {
    return [...this.members.values()].map(({ heartbeat, seenAt, state }) => {
      const busySlots = Math.min(heartbeat.slots, heartbeat.held.length);
      const {
        swarmId,
        region,
        slots,
        types,
        capabilities,
        labels,
        attributes,
        resources,
        costPerHour,
        held,
      } = heartbeat;
      const profile = {
        swarmId,
        region,
        slots,
        types,
        capabilities,
        labels,
        attributes,
        resources,
        costPerHour,
      };
      const lastSeen = new Date(seenAt + monotonicToEpoch).toISOString();
      return {
        ...profile,
        state,
        busySlots,
        freeSlots: state === 'ready' ? slots - busySlots : 0,
        held,
        lastSeen,
      };
    });
  }

  regions(): RegionView[] {
    const regions = new Map<string, RegionView>();
    for (const { heartbeat } of this.alive()) {
      const view = regions.get(heartbeat.region) ?? {
        region: heartbeat.region,
        swarms: 0,
        slots: 0,
        busySlots: 0,
        costPerHour: 0,
      };
      view.swarms += 1;
      view.slots += heartbeat.slots;
      view.busySlots += Math.min(heartbeat.slots, heartbeat.held.length);
      view.costPerHour += heartbeat.costPerHour;
      regions.set(heartbeat.region, view);
    }
    return [...regions.values()].sort((a, b) => (a.region < b.region ? -1 : 1));
  }

  private alive(): Member[] {
    return [...this.members.values()].filter(({ state }) => state !== 'down');
  }

  private lose(member: Member, reason: string): MembershipChange['lost'] {
    const { swarmId, held } = member.heartbeat;
    return held.length === 0 ? [] : [{ swarmId, attempts: held, reason }];
  }
}
