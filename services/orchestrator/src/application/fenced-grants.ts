import type { Grant, GrantReply, GrantRequest } from '@multiswarm/contracts';
import type { GrantPort } from '../ports';

/** What the scheduler knows of a shard at the moment: from which owner, and since which snapshot. */
export interface Basis {
  epoch: number;
  since: number;
}

/** Grants that were not answered and may be repeated. */
const REMEMBERED = 10_000;

/**
 * Grants on their way to owners, each with what it rests on. A repetition rests on what the first one rested on, whatever the
 * scheduler has been told since.
 */
export class FencedGrants implements GrantPort {
  private readonly known = new Map<string, Basis>();

  constructor(
    private readonly port: GrantPort,
    private readonly basisOf: (shard: number) => Basis | undefined,
  ) {}

  async grant(shard: number, request: GrantRequest): Promise<GrantReply> {
    const basis = this.basis(shard, request.grants);
    const reply = await this.port.grant(shard, { ...request, ...basis });
    for (const grant of request.grants) this.known.delete(keyOf(grant));
    return reply;
  }

  /** The oldest that any of them rests on. */
  private basis(shard: number, grants: readonly Grant[]): Basis | undefined {
    const current = this.basisOf(shard);
    let oldest = current;
    for (const grant of grants) {
      const known = this.known.get(keyOf(grant));
      if (known && oldest && isBefore(known, oldest)) oldest = known;
      if (!known && current) this.remember(keyOf(grant), current);
    }
    return oldest;
  }

  private remember(key: string, basis: Basis): void {
    this.known.set(key, basis);
    if (this.known.size <= REMEMBERED) return;
    for (const first of this.known.keys()) {
      this.known.delete(first);
      break;
    }
  }
}

function keyOf({ taskId, attempt, placement }: Grant): string {
  return `${taskId}#${attempt}#${placement.reservationId}`;
}

function isBefore(a: Basis, b: Basis): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.since < b.since);
}
