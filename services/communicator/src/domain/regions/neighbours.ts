import { LIMITS } from '@multiswarm/contracts';

export interface Neighbour {
  domain: string;
  /** Its communicators are heard. */
  heard: boolean;
  /** Since when it is so: monotonic, and wall clock. */
  sinceMs: number;
  sinceWallMs: number;
}

/** `found`: heard for the first time. `back`: again after a silence. */
export type Sign = 'found' | 'back' | 'still' | 'full';

interface Entry extends Neighbour {
  heardAtMs: number;
}

/**
 * The other JetStream domains, as far as signs of life of their communicators come through. Times are the caller's.
 *
 * N1. A domain is silent when nothing was heard of it for `silentMs`: its line is cut, or nobody is there. Nothing tells the two apart.
 * N2. One that was heard is remembered for as long as the process lives.
 */
export class Neighbours {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly silentMs: number,
    private readonly most: number = LIMITS.DOMAINS_IN_VIEW,
  ) {}

  heard(domain: string, nowMs: number, wallMs: number): Sign {
    const known = this.entries.get(domain);
    if (known === undefined && this.entries.size >= this.most) return 'full';
    if (known?.heard === true) {
      known.heardAtMs = nowMs;
      return 'still';
    }
    this.entries.set(domain, { domain, heard: true, heardAtMs: nowMs, sinceMs: nowMs, sinceWallMs: wallMs });
    return known === undefined ? 'found' : 'back';
  }

  /** Domains that have become silent since it was asked last. */
  sweep(nowMs: number, wallMs: number): Neighbour[] {
    const lost: Neighbour[] = [];
    for (const entry of this.entries.values()) {
      if (!entry.heard || nowMs - entry.heardAtMs < this.silentMs) continue;
      Object.assign(entry, { heard: false, sinceMs: nowMs, sinceWallMs: wallMs });
      lost.push(entry);
    }
    return lost;
  }

  /** Nothing could be heard until now: all have a full period again. */
  excuse(nowMs: number): void {
    for (const entry of this.entries.values()) entry.heardAtMs = nowMs;
  }

  heardNow(): string[] {
    return this.all().flatMap(({ domain, heard }) => (heard ? [domain] : []));
  }

  get(domain: string): Neighbour | undefined {
    return this.entries.get(domain);
  }

  all(): Neighbour[] {
    return [...this.entries.values()];
  }
}
