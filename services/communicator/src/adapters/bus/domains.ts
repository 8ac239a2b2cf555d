import type { Bus } from '@multiswarm/bus';
import { groups, REGIONAL_SUBJECTS, ReplicaAlive, subjects } from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { z } from 'zod';
import type { Neighbours } from '../../domain/regions/neighbours';

export interface DomainsParts {
  /** The own one. */
  domain: string;
  neighbours: Neighbours;
  /** How often it is looked whether one has become silent, milliseconds. */
  lookMs: number;
  onHeard: (domain: string) => void;
  clock: Clock;
  logger: Logger;
}

const LEAK =
  'the line to a domain lets through what each region answers for itself: deny these subjects in the leaf node (docs/regions.md)';
const ASK_MS = 1_000;

/** Listens for signs of life of the communicators of other JetStream domains, and says in the log when one is lost or back. */
export function followDomains(bus: Bus, parts: DomainsParts): Cancel {
  const { domain: own, neighbours, lookMs, onHeard, clock, logger } = parts;
  const listening = bus.subscribe(
    subjects.communicatorsAlive(),
    { schema: ReplicaAlive },
    (_, { subject }) => {
      const domain = domainOf(subject);
      if (domain === own) return;
      const before = neighbours.get(domain);
      const sign = neighbours.heard(domain, clock.monotonic(), clock.now());
      if (sign !== 'found' && sign !== 'back') return;
      const silentMs =
        sign === 'back' ? { silentMs: Math.round(clock.monotonic() - (before?.sinceMs ?? 0)) } : {};
      logger.info(sign === 'back' ? 'a domain is heard again' : 'a domain is heard', { domain, ...silentMs });
      onHeard(domain);
      void isTold(bus, domain).then((told) => {
        if (told) logger.error(LEAK, { domain, deny: REGIONAL_SUBJECTS });
      });
    },
  );
  const answering = bus.respond(
    subjects.messageHere(own),
    { queue: groups.communicator, request: z.unknown() },
    () => Promise.resolve(null),
  );
  const stopLooking = every(clock, lookMs, () => {
    if (!bus.connected) return neighbours.excuse(clock.monotonic()); // nobody is silent whom we could not hear
    for (const { domain } of neighbours.sweep(clock.monotonic(), clock.now()))
      logger.warn('a domain is not heard any more: mail for it waits here', { domain });
  });
  return () => {
    stopLooking();
    listening.stop();
    answering.stop();
  };
}

/** `ms.v1.communicator.<domain>.alive` */
function domainOf(subject: string): string {
  return subject.split('.')[3] ?? '';
}

/** Whether a domain answers what should stay in each. */
async function isTold(bus: Bus, domain: string): Promise<boolean> {
  try {
    await bus.request(subjects.messageHere(domain), {}, { reply: z.null(), timeoutMs: ASK_MS });
    return true;
  } catch {
    return false; // nobody answers: as it should be
  }
}
