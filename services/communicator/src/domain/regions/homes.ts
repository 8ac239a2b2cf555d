import { LIMITS, MAILBOX_SHARDS, type MailHome } from '@multiswarm/contracts';

/** Mailboxes of one shard that one owner remembers. */
const KNOWN = LIMITS.MAIL_HOMES / MAILBOX_SHARDS;
/** A claim is made anew after so long: what is kept of it, in each domain, ends a month after the last one. */
export const CLAIM_RENEWED_MS = 24 * 3_600_000;

/**
 * In which JetStream domain each mailbox of a shard is read, as one owner knows it. Each domain remembers for itself, so that it knows while it
 * is cut off.
 *
 * H1. Of two claims the later one counts, and of two at the same time that of the domain whose name comes later: all who have heard
 *     the same claims agree, in whichever order they came.
 * H2. A new claim is later than every one that is known here, whatever the clock says (a hybrid logical clock: Kulkarni et al., "Logical
 *     Physical Clocks", 2014).
 */
export class Homes {
  private readonly known = new Map<string, MailHome>();
  private foreign = 0;

  constructor(
    private readonly domain: string,
    private readonly most: number = KNOWN,
  ) {}

  of(namespace: string, mailbox: string): MailHome | undefined {
    return this.known.get(keyOf(namespace, mailbox));
  }

  /** The other domain where a mailbox is read; undefined where it is read here, or nobody knows. */
  elsewhere(namespace: string, mailbox: string): MailHome | undefined {
    if (this.foreign === 0) return undefined; // it is asked for each message
    const home = this.of(namespace, mailbox);
    return home === undefined || home.domain === this.domain ? undefined : home;
  }

  /** Somebody reads it here. @returns the new claim; undefined where it is this domain's already, and of today */
  claim(namespace: string, mailbox: string, wallMs: number): MailHome | undefined {
    const before = this.of(namespace, mailbox);
    if (before?.domain === this.domain && wallMs - before.atMs < CLAIM_RENEWED_MS) return undefined;
    const atMs = Math.max(wallMs, (before?.atMs ?? 0) + 1); // H2
    const home = { namespace, mailbox, domain: this.domain, atMs };
    return this.put(home) ? home : undefined;
  }

  /** A claim of which this owner hears. False where it changes nothing, or there are too many. */
  learn(home: MailHome): boolean {
    const before = this.of(home.namespace, home.mailbox);
    return (before === undefined || isLater(home, before)) && this.put(home);
  }

  /** What this domain has claimed, by names, behind a name. */
  *ours(after: string): IterableIterator<[key: string, home: MailHome]> {
    const keys = [...this.known.keys()].filter((key) => key > after).sort();
    for (const key of keys) {
      const home = this.known.get(key);
      if (home?.domain === this.domain) yield [key, home];
    }
  }

  private put(home: MailHome): boolean {
    const key = keyOf(home.namespace, home.mailbox);
    const before = this.known.get(key);
    if (before === undefined && this.known.size >= this.most) return false;
    this.foreign += this.isForeign(home) - this.isForeign(before);
    this.known.set(key, home);
    return true;
  }

  private isForeign(home: MailHome | undefined): number {
    return home !== undefined && home.domain !== this.domain ? 1 : 0;
  }
}

/** H1. */
export function isLater(a: MailHome, b: MailHome): boolean {
  return a.atMs > b.atMs || (a.atMs === b.atMs && a.domain > b.domain);
}

function keyOf(namespace: string, mailbox: string): string {
  return `${namespace} ${mailbox}`;
}
