import type { Bus } from '@multiswarm/bus';
import { MultiswarmError } from '@multiswarm/contracts';
import type { Route } from '@multiswarm/service';
import type { Metrics } from '@multiswarm/telemetry';
import { MailboxOwners } from './adapters/bus/mailbox-owners';
import { domainRoutes } from './adapters/http/domain-routes';
import { listDomains } from './application/list-domains';
import type { Neighbours } from './domain/regions/neighbours';
import type { Mailboxes } from './mailboxes';
import type { CountForwarded } from './ports';

/** A domain is silent when this many signs of life of its communicators have not come; each says one five times in a lease. */
const SIGNS_MISSED = 5;
const SIGNS_PER_LEASE = 5;

export function silentAfterMs(leaseMs: number): number {
  return (leaseMs * SIGNS_MISSED) / SIGNS_PER_LEASE;
}

export function countForwarded(metrics: Metrics): CountForwarded {
  const forwarded = metrics.counter('multiswarm.mail.forwarded');
  return (domain, result, messages) => {
    if (messages > 0) forwarded.add(messages, { domain, result });
  };
}

/** Nobody there has that name. While a domain is silent that is not known for sure: then it is a fault that passes. */
export function orOutOfReach(
  assertRecipient: (to: string) => void,
  neighbours: Neighbours,
): (to: string) => void {
  return (to) => {
    try {
      assertRecipient(to);
    } catch (cause) {
      const silent = neighbours.all().flatMap(({ domain, heard }) => (heard ? [] : [domain]));
      const isUnknown = cause instanceof MultiswarmError && cause.code === 'recipient-unknown';
      if (!isUnknown || silent.length === 0) throw cause;
      const text = `${cause.message}; it may be in a domain that is not heard at the moment (${silent.join(', ')}): try again once that is back`;
      throw new MultiswarmError('mailbox-unavailable', text, { cause });
    }
  };
}

export interface RegionsParts {
  bus: Bus;
  domain: string;
  neighbours: Neighbours;
  mailboxes: Pick<Mailboxes, 'outgoing'>;
  metrics: Metrics;
  startedAtMs: number;
}

/** Shows the other domains: over HTTP, and as metrics. */
export function showRegions(parts: RegionsParts): { routes: Route[]; stop(): void } {
  const { bus, domain, neighbours, mailboxes, metrics, startedAtMs } = parts;
  const owners = new MailboxOwners(bus, domain);
  const list = listDomains({
    ...{ domain, startedAtMs },
    neighbours: () => neighbours.all(),
    outgoing: () => owners.outgoing(),
  });
  const hidden = [
    metrics.gauge('multiswarm.domains.heard', () =>
      neighbours
        .all()
        .map((each): [number, { domain: string }] => [each.heard ? 1 : 0, { domain: each.domain }]),
    ),
    metrics.gauge('multiswarm.mail.outgoing', () => {
      const sums = new Map(neighbours.all().map((each) => [each.domain, 0]));
      for (const each of mailboxes.outgoing())
        sums.set(each.domain, (sums.get(each.domain) ?? 0) + each.messages);
      return [...sums].map(([other, messages]): [number, { domain: string }] => [
        messages,
        { domain: other },
      ]);
    }),
  ];
  return { routes: domainRoutes(list), stop: () => hidden.forEach((hide) => hide()) };
}
