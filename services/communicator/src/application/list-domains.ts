import type { DomainSeen, OutgoingMail } from '@multiswarm/contracts';
import type { Neighbour } from '../domain/regions/neighbours';

type Waiting = DomainSeen['waiting'];
export type ListDomains = () => Promise<DomainSeen[]>;

export interface ListDomainsParts {
  domain: string;
  /** Epoch ms. */
  startedAtMs: number;
  neighbours: () => readonly Neighbour[];
  /** What waits for other domains, of all mailbox shards of the own one. */
  outgoing: () => Promise<OutgoingMail[]>;
}

const NOTHING: Waiting = { mailboxes: 0, messages: 0, bytes: 0 };

/** The own domain first, then those that were heard, or for which mail waits, by their names. One that was never heard is silent since the start. */
export function listDomains({
  domain: own,
  startedAtMs,
  neighbours,
  outgoing,
}: ListDomainsParts): ListDomains {
  return async () => {
    const waiting = sums(await outgoing());
    const seen = new Map(neighbours().map((each) => [each.domain, each]));
    const others = [...new Set([...seen.keys(), ...waiting.keys()])].sort();
    const start = new Date(startedAtMs).toISOString();
    return [
      { domain: own, state: 'here', since: start, waiting: NOTHING },
      ...others.map((domain): DomainSeen => {
        const { heard = false, sinceWallMs = startedAtMs } = seen.get(domain) ?? {};
        const since = new Date(sinceWallMs).toISOString();
        return { domain, state: heard ? 'heard' : 'silent', since, waiting: waiting.get(domain) ?? NOTHING };
      }),
    ];
  };
}

function sums(parts: readonly OutgoingMail[]): Map<string, Waiting> {
  const byDomain = new Map<string, Waiting>();
  for (const { domain, ...more } of parts) byDomain.set(domain, sum(byDomain.get(domain) ?? NOTHING, more));
  return byDomain;
}

function sum(a: Waiting, b: Waiting): Waiting {
  const oldestAt = [a.oldestAt, b.oldestAt].filter((at) => at !== undefined).sort()[0];
  return {
    mailboxes: a.mailboxes + b.mailboxes,
    messages: a.messages + b.messages,
    bytes: a.bytes + b.bytes,
    ...(oldestAt === undefined ? {} : { oldestAt }),
  };
}
