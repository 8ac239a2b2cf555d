import type { Bus } from '@multiswarm/bus';
import { mailboxShardOf, MailForwarded, MailHomesPage, subjects } from '@multiswarm/contracts';
import type { DomainPost } from '../../ports';

/** Shorter than the time after which a message that somebody has counts as lost. */
const ANSWER_MS = 5_000;

/** The owners of other domains, over the lines that NATS has to them. */
export function busDomainPost(bus: Bus, ackWaitMs: number): DomainPost {
  const timeoutMs = Math.min(ANSWER_MS, ackWaitMs / 2);
  return {
    forward: (shard, batch) =>
      bus.request(subjects.mailbox({ domain: batch.home.domain, shard }, 'forward'), batch, {
        reply: MailForwarded,
        timeoutMs,
      }),
    homes: (domain, shard, after) =>
      bus.request(
        subjects.mailbox({ domain, shard }, 'homes'),
        { after },
        { reply: MailHomesPage, timeoutMs },
      ),
    announce: (home) => {
      if (bus.connected) bus.publish(subjects.mailHome(mailboxShardOf(home.mailbox)), home);
    },
  };
}
