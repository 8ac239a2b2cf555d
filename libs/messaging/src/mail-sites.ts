import { serverSeen, type Bus } from '@multiswarm/bus';
import { mailboxShardOf, MailSite, subjects, type MailShard } from '@multiswarm/contracts';

/**
 * In which JetStream domain this connection is, and so where its mail is stored and its mailboxes are read. Its server says it: a
 * communicator that answers may be one of another region, while that of its own is away. Where the server has no domain there is but one,
 * and the communicator knows its name. Asked again after a reconnect.
 */
export class MailSites {
  private asked: Promise<string> | undefined;
  private told: string | undefined;

  constructor(private readonly bus: Bus) {
    bus.onReconnect(() => {
      this.asked = undefined;
      this.told = undefined;
    });
  }

  /** The domain, where it was told already. */
  get known(): string | undefined {
    return this.told;
  }

  /** @throws MultiswarmError `bus-unavailable` where neither JetStream nor a communicator answers */
  async domain(): Promise<string> {
    return this.told ?? (await this.ask());
  }

  async shardOf(mailbox: string): Promise<MailShard> {
    return { domain: await this.domain(), shard: mailboxShardOf(mailbox) };
  }

  private ask(): Promise<string> {
    const asked = (this.asked ??= this.find());
    asked.then(
      (domain) => {
        if (this.asked === asked) this.told = domain;
      },
      () => {
        if (this.asked === asked) this.asked = undefined;
      },
    );
    return asked;
  }

  private async find(): Promise<string> {
    const { domain } = await serverSeen(this.bus);
    if (domain !== undefined) return domain;
    return (await this.bus.request(subjects.messageSite(), { v: 1 }, { reply: MailSite })).domain;
  }
}
