import type {
  MailAddress,
  MailForward,
  MailForwarded,
  MailHome,
  MailHomesPage,
  OutgoingMail,
} from '@multiswarm/contracts';
import type { Clock, Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { Mail } from '../domain/mailbox/mail';
import type { Mailbox, Moment } from '../domain/mailbox/mailbox';
import type { Neighbour } from '../domain/regions/neighbours';
import type { CountForwarded, DomainPost, FetchPayload, MailBody, MailQueue } from '../ports';
import { Arrivals } from './arrivals';
import { Forwarding, type Settled } from './forwarding';
import { HomeRegister } from './home-register';

/** The other JetStream domains, as a replica sees them. */
export interface Regions {
  /** The own one. */
  domain: string;
  post: DomainPost;
  /** Undefined where it was never heard. */
  neighbour(domain: string): Neighbour | undefined;
  /** Those that are heard. */
  heard(): string[];
  count: CountForwarded;
  fetched: FetchPayload;
}

export interface RegionDeskParts {
  regions: Regions;
  queue: MailQueue;
  shard: number;
  epoch: number;
  settle(mailbox: Mailbox, settled: Settled): void;
  mailbox(namespace: string, name: string): Mailbox | undefined;
  /** Undefined: there is room for one more. */
  roomFor: (home: MailHome, from: string) => { depth: number; limit: number } | undefined;
  pump(mailbox: Mailbox): void;
  now(): Moment;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** All that the owner of a mailbox shard has to do with other domains: where mailboxes are read, what goes there, what comes from there. */
export class RegionDesk {
  private readonly register: HomeRegister;
  private readonly forwarding: Forwarding;
  private readonly arrivals: Arrivals;

  constructor(private readonly parts: RegionDeskParts) {
    const { regions, queue } = parts;
    const { domain, post, count, fetched } = regions;
    this.register = new HomeRegister({
      ...parts,
      ...{ domain, post },
      onMoved: (namespace, name) => {
        const mailbox = parts.mailbox(namespace, name);
        if (mailbox !== undefined) parts.pump(mailbox);
      },
    });
    const learn = (home: MailHome): void => this.register.learn(home);
    this.forwarding = new Forwarding({
      ...parts,
      ...{ domain, post, count, learn },
      homeOf: (mailbox) => this.elsewhere(mailbox),
      isHeard: (other) => regions.neighbour(other)?.heard === true,
    });
    this.arrivals = new Arrivals({
      ...{ domain, queue, fetched, learn, roomFor: parts.roomFor, logger: parts.logger },
      homeOf: (namespace, mailbox) => this.register.of(namespace, mailbox),
    });
  }

  async open(): Promise<void> {
    await this.register.open();
    for (const domain of this.parts.regions.heard()) void this.register.sync(domain);
  }

  stop(): void {
    this.register.stop();
    this.forwarding.stop();
  }

  /** Whether it is known that somebody reads it, wherever. */
  knows(namespace: string, mailbox: string): boolean {
    return this.register.knows(namespace, mailbox);
  }

  claim(namespace: string, mailbox: string): void {
    this.register.claim(namespace, mailbox);
  }

  learn(home: MailHome): void {
    this.register.learn(home);
  }

  page(after: string): MailHomesPage {
    return this.register.page(after);
  }

  accept(batch: MailForward): Promise<MailForwarded> {
    return this.arrivals.accept(batch);
  }

  /** The other domain where a mailbox is read, where it is another one. */
  elsewhere({ namespace, name }: Mailbox): MailHome | undefined {
    return this.register.elsewhere(namespace, name);
  }

  prepare(mailbox: Mailbox, now: Moment): void {
    this.forwarding.prepare(mailbox, now);
  }

  nextWakeMs(mailbox: Mailbox, nowMs: number): number {
    return this.forwarding.nextWakeMs(mailbox, nowMs);
  }

  give(mailbox: Mailbox, mail: Mail, address: MailAddress, body: MailBody): void {
    this.forwarding.give(mailbox, mail, address, body);
  }

  forget(mailbox: Mailbox): void {
    this.forwarding.forget(mailbox);
  }

  /** Another domain is heard: it is asked for what it reads, and gets what waits for it. */
  domainHeard(domain: string, mailboxes: Iterable<Mailbox>): void {
    this.forwarding.resume(domain);
    void this.register.sync(domain);
    for (const mailbox of mailboxes) if (this.elsewhere(mailbox)?.domain === domain) this.parts.pump(mailbox);
  }

  outgoing(mailboxes: Iterable<Mailbox>): OutgoingMail[] {
    const byDomain = new Map<string, Mailbox[]>();
    for (const mailbox of mailboxes) {
      const domain = mailbox.depth > 0 ? this.elsewhere(mailbox)?.domain : undefined;
      if (domain !== undefined) byDomain.set(domain, [...(byDomain.get(domain) ?? []), mailbox]);
    }
    return [...byDomain].map(([domain, waiting]) => summed(domain, waiting));
  }

  /** What to tell of a message whose time is over. */
  whyExpired(mailbox: Mailbox): string {
    const over = 'its time was over before anybody took it';
    const home = this.elsewhere(mailbox);
    if (home === undefined) return over;
    const { heard = false, sinceWallMs } = this.parts.regions.neighbour(home.domain) ?? {};
    const since = sinceWallMs === undefined ? '' : ` since ${new Date(sinceWallMs).toISOString()}`;
    return `${over}: it waited for the domain ${home.domain}${heard ? '' : `, which is not heard${since}`}`;
  }
}

function summed(domain: string, waiting: readonly Mailbox[]): OutgoingMail {
  const sum = (of: (mailbox: Mailbox) => number): number => waiting.reduce((all, each) => all + of(each), 0);
  const oldest = Math.min(...waiting.map(({ oldestAtMs }) => oldestAtMs ?? Infinity));
  return {
    ...{ domain, mailboxes: waiting.length },
    ...{ messages: sum(({ depth }) => depth), bytes: sum(({ bytes }) => bytes) },
    ...(oldest === Infinity ? {} : { oldestAt: new Date(oldest).toISOString() }),
  };
}
