/** How long a load-balancer is believed that does not say it again: it does so every two seconds. */
const BELIEVED_MS = 6_000;
/** Load-balancers that are listened to. */
const REPLICAS = 64;

interface Told {
  swarmIds: ReadonlySet<string>;
  untilMs: number;
}

/**
 * Swarms to which load-balancers give nothing, as they say: for whoever hands slots on without asking one.
 *
 * U1. One of them is enough; what one has said is over when it says otherwise, or nothing any more.
 */
export class UnwellSwarms {
  private readonly byReplica = new Map<string, Told>();

  told(replica: string, swarmIds: readonly string[], nowMs: number): void {
    for (const [other, { untilMs }] of this.byReplica) if (untilMs <= nowMs) this.byReplica.delete(other);
    this.byReplica.delete(replica);
    if (swarmIds.length === 0 || this.byReplica.size >= REPLICAS) return;
    this.byReplica.set(replica, { swarmIds: new Set(swarmIds), untilMs: nowMs + BELIEVED_MS });
  }

  has(swarmId: string, nowMs: number): boolean {
    for (const told of this.byReplica.values())
      if (told.untilMs > nowMs && told.swarmIds.has(swarmId)) return true;
    return false;
  }
}
