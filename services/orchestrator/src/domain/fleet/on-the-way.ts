import type { AttemptRef, Heartbeat } from '@multiswarm/contracts';
import { SlotMap } from '@multiswarm/core';

/** Heartbeats after a dispatch by which the attempt must be listed, or has ended. */
const LISTED_AFTER_HEARTBEATS = 2;

interface Sent {
  ref: AttemptRef;
  instance: string;
  seq: number;
}

/** Which process of a swarm an attempt is sent to, and the last heartbeat that it was heard by. */
export type Destination = Pick<Heartbeat, 'swarmId' | 'instance' | 'seq'>;

/**
 * Attempts that were sent to swarms and are not in their heartbeats yet: they count as held, and are lost with the process
 * that they were sent to. Pure.
 */
export class OnTheWay {
  private readonly swarms = new Map<string, SlotMap<string, Sent>>();

  add({ swarmId, instance, seq }: Destination, { taskId, attempt }: AttemptRef): void {
    let sent = this.swarms.get(swarmId);
    if (!sent) this.swarms.set(swarmId, (sent = new SlotMap<string, Sent>()));
    sent.set(attemptKey({ taskId, attempt }), { ref: { taskId, attempt }, instance, seq });
  }

  remove(swarmId: string, ref: AttemptRef): void {
    const sent = this.swarms.get(swarmId);
    if (sent?.delete(attemptKey(ref)) && sent.size === 0) this.swarms.delete(swarmId);
  }

  /** What was sent is accounted for once the swarm lists it, or no longer needs to. @returns what was sent to an earlier process */
  heard({ swarmId, instance, seq, held }: Heartbeat): AttemptRef[] {
    const sent = this.swarms.get(swarmId);
    if (!sent) return [];
    const lost = [...sent.values()].filter((each) => each.instance !== instance).map(({ ref }) => ref);
    for (const ref of [...lost, ...held]) sent.delete(attemptKey(ref));
    for (const [key, each] of sent) if (seq >= each.seq + LISTED_AFTER_HEARTBEATS) sent.delete(key);
    if (sent.size === 0) this.swarms.delete(swarmId);
    return lost;
  }

  /** The swarm is gone. @returns what was sent to it */
  left(swarmId: string): AttemptRef[] {
    const lost = [...(this.swarms.get(swarmId)?.values() ?? [])].map(({ ref }) => ref);
    this.swarms.delete(swarmId);
    return lost;
  }

  refs(): AttemptRef[] {
    return [...this.swarms.values()].flatMap((sent) => [...sent.values()].map(({ ref }) => ref));
  }
}

export function attemptKey({ taskId, attempt }: AttemptRef): string {
  return `${taskId}#${attempt}`;
}
