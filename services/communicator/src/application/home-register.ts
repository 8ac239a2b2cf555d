import type { MailHome, MailHomesPage } from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { Homes } from '../domain/regions/homes';
import type { DomainPost, MailQueue } from '../ports';

export interface HomeRegisterParts {
  /** The own JetStream domain. */
  domain: string;
  shard: number;
  post: DomainPost;
  queue: Pick<MailQueue, 'homes' | 'keepHome'>;
  /** Of a mailbox is known now that it is read elsewhere, or here. */
  onMoved(namespace: string, mailbox: string): void;
  clock: Clock;
  logger: Logger;
}

/** What one answer lists. */
const PAGE = 500;
const SYNC_TRIES = 5;
const SYNC_AGAIN_MS = 1_000;

/**
 * In which domain the mailboxes of a shard are read: kept in the own domain, told to the others, and asked of them when they are heard again.
 *
 * R1. What was heard while the line was whole is known while it is cut.
 * R2. A claim that was made during a cut is learned after it: by asking, however many claims nobody has heard.
 */
export class HomeRegister {
  private readonly homes: Homes;
  private stopped = false;

  constructor(private readonly parts: HomeRegisterParts) {
    this.homes = new Homes(parts.domain);
  }

  async open(): Promise<void> {
    for (const home of await this.parts.queue.homes()) this.homes.learn(home);
  }

  stop(): void {
    this.stopped = true;
  }

  knows(namespace: string, mailbox: string): boolean {
    return this.homes.of(namespace, mailbox) !== undefined;
  }

  of(namespace: string, mailbox: string): MailHome | undefined {
    return this.homes.of(namespace, mailbox);
  }

  /** Where it is read, where that is another domain. */
  elsewhere(namespace: string, mailbox: string): MailHome | undefined {
    return this.homes.elsewhere(namespace, mailbox);
  }

  /** Somebody reads it here. */
  claim(namespace: string, mailbox: string): void {
    const { clock, post } = this.parts;
    const home = this.homes.claim(namespace, mailbox, clock.now());
    if (home === undefined) return;
    this.keep(home);
    post.announce(home);
  }

  learn(home: MailHome): void {
    if (!this.homes.learn(home)) return;
    this.keep(home);
    this.parts.onMoved(home.namespace, home.mailbox);
  }

  page(after: string): MailHomesPage {
    const homes: MailHome[] = [];
    let last = after;
    for (const [key, home] of this.homes.ours(after)) {
      if (homes.length === PAGE) return { homes, next: last };
      homes.push(home);
      last = key;
    }
    return { homes };
  }

  /** R2. Another domain is heard: what has it claimed? */
  async sync(domain: string): Promise<void> {
    const { clock, logger, shard } = this.parts;
    for (let tries = 1; tries <= SYNC_TRIES && !this.stopped; tries += 1) {
      try {
        return void (await this.readAll(domain));
      } catch (error) {
        logger.debug('what another domain reads is not known yet', { domain, shard, tries, error });
        await delay(clock, SYNC_AGAIN_MS * tries);
      }
    }
  }

  private async readAll(domain: string): Promise<void> {
    const { post, shard } = this.parts;
    for (let after: string | undefined = ''; after !== undefined && !this.stopped;) {
      const page: MailHomesPage = await post.homes(domain, shard, after);
      for (const home of page.homes) this.learn(home);
      after = page.next;
    }
  }

  private keep(home: MailHome): void {
    this.parts.queue.keepHome(home).catch((error: unknown) => {
      this.parts.logger.warn('where a mailbox is read was not kept', { ...home, error });
    });
  }
}
