import {
  SwarmProfile,
  type AttemptRef,
  type Heartbeat,
  type RegionView,
  type Swarm,
} from '@multiswarm/contracts';
import { heartbeatLiveness } from '@multiswarm/core';

/** Instances of one swarm that are remembered as replaced. */
const REPLACED_INSTANCES = 8;

interface Member {
  heartbeat: Heartbeat;
  /** Instances that this one has taken over from, the last ones. */
  replaced: readonly string[];
  seenAt: number;
  state: Swarm['state'];
  /** Attempts that this instance lists although they were declared lost while it was silent. */
  lost: ReadonlySet<string>;
}

export interface MembershipChange {
  /** The heartbeat came too late to say anything that is still true. */
  ignored?: true;
  joined?: string;
  left?: string;
  /** Attempts that the swarm held and cannot report any more. */
  lost: { swarmId: string; attempts: AttemptRef[]; reason: string }[];
}

/**
 * Who is there, by heartbeats. Pure: `at` is a monotonic time in milliseconds.
 *
 * M1. A heartbeat that is not newer than the last changes nothing: neither one of the same instance, nor one of an older.
 * M2. A new instance of a swarm has forgotten what the old one held: those attempts are lost at once.
 * M3. A swarm that is silent for three of its intervals is down, and what it held is lost; each attempt is lost once.
 *     While nothing may be declared lost, it is only suspect.
 * M4. An instance that was replaced stays replaced: of two processes under one id, the older one is refused.
 */
export class Membership {
  private readonly members = new Map<string, Member>();

  constructor(private readonly limit: (heartbeat: Heartbeat) => string | undefined = () => undefined) {}

  /** @returns the change, or the reason for which a new swarm is not admitted. */
  observe(heartbeat: Heartbeat, at: number): MembershipChange | { refused: string } {
    const known = this.members.get(heartbeat.swarmId);
    if (known?.replaced.includes(heartbeat.instance)) return replacedBy(known, heartbeat); // M4
    if (known && isLate(heartbeat, known)) return IGNORED; // M1
    if (!known || known.state === 'down') {
      if (heartbeat.state === 'stopped') return IGNORED;
      const refused = this.limit(heartbeat);
      if (refused !== undefined) return { refused };
      this.keep(known, heartbeat, at);
      return { joined: heartbeat.swarmId, lost: [] };
    }
    const same = known.heartbeat.instance === heartbeat.instance;
    const lost = same ? [] : this.lose(known, 'the swarm was restarted'); // M2
    if (heartbeat.state === 'stopped') {
      this.members.delete(heartbeat.swarmId);
      return {
        left: heartbeat.swarmId,
        lost: [...lost, ...(same ? this.lose({ ...known, heartbeat }, 'the swarm was stopped') : [])],
      };
    }
    this.keep(known, heartbeat, at);
    return { lost };
  }

  /** Lets time pass: silent swarms become suspect, then (unless nothing may be lost yet) down. */
  tick(at: number, mayLose = true): MembershipChange[] {
    const changes: MembershipChange[] = [];
    for (const [swarmId, member] of this.members) {
      if (member.state === 'down') continue;
      const liveness = heartbeatLiveness(at - member.seenAt, member.heartbeat.intervalMs);
      if (liveness === 'down' && mayLose) {
        const lost = this.lose(member, `no heartbeat for ${Math.round(at - member.seenAt)} ms`); // M3
        this.members.set(swarmId, {
          ...member,
          state: 'down',
          lost: new Set(member.heartbeat.held.map(toKey)),
        });
        changes.push({ left: swarmId, lost });
      } else if (liveness !== 'alive') this.members.set(swarmId, { ...member, state: 'suspect' });
    }
    return changes;
  }

  /** Nobody could have been heard until now: the silence of those that are not down begins anew. */
  forgiveSilence(at: number): void {
    for (const [swarmId, member] of this.members) {
      if (member.state !== 'down') this.members.set(swarmId, { ...member, seenAt: at });
    }
  }

  /** Forgets swarms that have been down for `ms`. */
  forget(at: number, ms: number): void {
    for (const [swarmId, member] of this.members) {
      if (member.state === 'down' && at - member.seenAt > ms) this.members.delete(swarmId);
    }
  }

  has(swarmId: string): boolean {
    return this.last(swarmId) !== undefined;
  }

  /** The last heartbeat of a swarm that is not down. */
  last(swarmId: string): Heartbeat | undefined {
    const member = this.members.get(swarmId);
    return member === undefined || member.state === 'down' ? undefined : member.heartbeat;
  }

  /** Whether the swarm is there, or was not long ago. */
  remembers(swarmId: string): boolean {
    return this.members.has(swarmId);
  }

  /** Swarms that are remembered, those that are down included. */
  get size(): number {
    return this.members.size;
  }

  /** Regions of the swarms that are remembered. */
  regionNames(): Set<string> {
    const names = new Set<string>();
    for (const { heartbeat } of this.members.values()) names.add(heartbeat.region);
    return names;
  }

  /** Swarms that are not down, of one region or of all. */
  count(region?: string): number {
    return this.alive().filter(({ heartbeat }) => region === undefined || heartbeat.region === region).length;
  }

  heldCount(): number {
    return this.alive().reduce((sum, { heartbeat }) => sum + heartbeat.held.length, 0);
  }

  held(): AttemptRef[] {
    return this.alive().flatMap(({ heartbeat }) => heartbeat.held);
  }

  /** The swarm that lists an attempt; the one that probably does is asked first. */
  holderOf({ taskId, attempt }: AttemptRef, probably: string): string | undefined {
    const lists = (heartbeat: Heartbeat | undefined): boolean =>
      heartbeat?.held.some((ref) => ref.taskId === taskId && ref.attempt === attempt) ?? false;
    if (lists(this.last(probably))) return probably;
    return this.alive().find(({ heartbeat }) => lists(heartbeat))?.heartbeat.swarmId;
  }

  /** @param monotonicToEpoch what to add to a monotonic time to get epoch milliseconds */
  swarms(monotonicToEpoch: number): Swarm[] {
    return [...this.members.values()].map((member) => asSwarm(member, monotonicToEpoch));
  }

  /** @param monotonicToEpoch as for `swarms` */
  swarm(swarmId: string, monotonicToEpoch: number): Swarm | undefined {
    const member = this.members.get(swarmId);
    return member && asSwarm(member, monotonicToEpoch);
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

  private keep(known: Member | undefined, heartbeat: Heartbeat, seenAt: number): void {
    const { held, instance, state, swarmId } = heartbeat;
    const same = known?.heartbeat.instance === instance;
    const replaced = known && !same ? [...known.replaced, known.heartbeat.instance] : (known?.replaced ?? []);
    const lost = same && known.lost.size > 0 ? held.map(toKey).filter((key) => known.lost.has(key)) : [];
    this.members.set(swarmId, {
      heartbeat,
      seenAt,
      state: state === 'stopped' ? 'down' : state,
      replaced: replaced.slice(-REPLACED_INSTANCES),
      lost: new Set(lost),
    });
  }

  private lose({ heartbeat, lost }: Member, reason: string): MembershipChange['lost'] {
    const { swarmId, held } = heartbeat;
    const attempts = held.filter((ref) => !lost.has(toKey(ref)));
    return attempts.length === 0 ? [] : [{ swarmId, attempts, reason }];
  }
}

const IGNORED: MembershipChange = { ignored: true, lost: [] };

function replacedBy(known: Member, { swarmId, state }: Heartbeat): MembershipChange | { refused: string } {
  if (state === 'stopped') return IGNORED;
  const { instance } = known.heartbeat;
  return {
    refused: `a newer process (instance ${instance}) runs under the id ${swarmId}: give each its own`,
  };
}

function toKey({ taskId, attempt }: AttemptRef): string {
  return `${taskId}#${attempt}`;
}

/**
 * Of the same instance the numbers tell; of two instances, the time at which they were sent. A swarm that is down may have
 * moved to a machine whose clock is behind: its new instance is welcome whatever that clock says.
 */
function isLate({ instance, seq, sentAt }: Heartbeat, { heartbeat: last, state }: Member): boolean {
  return instance === last.instance ? seq <= last.seq : state !== 'down' && sentAt < last.sentAt;
}

function asSwarm({ heartbeat, seenAt, state }: Member, monotonicToEpoch: number): Swarm {
  const busySlots = Math.min(heartbeat.slots, heartbeat.held.length);
  const profile = SwarmProfile.parse(heartbeat); // what only heartbeats have is left out
  const { held, slots } = heartbeat;
  const lastSeen = new Date(seenAt + monotonicToEpoch).toISOString();
  return {
    ...profile,
    state,
    busySlots,
    freeSlots: state === 'ready' ? slots - busySlots : 0,
    held,
    lastSeen,
  };
}
