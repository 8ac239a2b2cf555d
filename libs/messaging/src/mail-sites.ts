import type { Bus } from '@multiswarm/bus';
import { mailboxShardOf, MailSite, subjects, type MailShard } from '@multiswarm/contracts';

/** Where the mailboxes are that this connection reaches: told by the communicator that is nearest, and asked again after a reconnect. */
export class MailSites {
  private asked: Promise<MailSite> | undefined;
  private site: MailSite | undefined;

  constructor(private readonly bus: Bus) {
    bus.onReconnect(() => {
      this.asked = undefined;
      this.site = undefined;
    });
  }

  /** The domain, where it was told already. */
  get known(): string | undefined {
    return this.site?.domain;
  }

  /** @throws MultiswarmError `bus-unavailable` where no communicator answers */
  async domain(): Promise<string> {
    return this.known ?? (await this.ask()).domain;
  }

  async shardOf(mailbox: string): Promise<MailShard> {
    return { domain: await this.domain(), shard: mailboxShardOf(mailbox) };
  }

  private ask(): Promise<MailSite> {
    const asked = (this.asked ??= this.bus.request(subjects.messageSite(), { v: 1 }, { reply: MailSite }));
    asked.then(
      (site) => {
        if (this.asked === asked) this.site = site;
      },
      () => {
        if (this.asked === asked) this.asked = undefined;
      },
    );
    return asked;
  }
}
