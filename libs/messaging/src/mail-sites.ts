import type { Bus } from '@multiswarm/bus';
import { mailboxShardOf, MailSite, subjects, type MailShard } from '@multiswarm/contracts';

/** Where the mailboxes are that this connection reaches: told by the communicator that is nearest, and asked again after a reconnect. */
export class MailSites {
  private known: Promise<MailSite> | undefined;

  constructor(private readonly bus: Bus) {
    bus.onReconnect(() => {
      this.known = undefined;
    });
  }

  /** @throws MultiswarmError `bus-unavailable` where no communicator answers */
  async domain(): Promise<string> {
    return (await this.site()).domain;
  }

  async shardOf(mailbox: string): Promise<MailShard> {
    return { domain: await this.domain(), shard: mailboxShardOf(mailbox) };
  }

  private site(): Promise<MailSite> {
    const asked = (this.known ??= this.bus.request(subjects.messageSite(), { v: 1 }, { reply: MailSite }));
    asked.catch(() => {
      if (this.known === asked) this.known = undefined;
    });
    return asked;
  }
}
