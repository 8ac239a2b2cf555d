import { NobodyListensError, type Bus } from '@multiswarm/bus';
import {
  MAILBOX_SHARDS,
  mailboxShardOf,
  MailboxInfo,
  MailboxList,
  MailSettled,
  MailTaken,
  MultiswarmError,
  OutgoingMailList,
  ShardLinks,
  subjects,
  type MailSettle,
  type MailTake,
  type OutgoingMail,
} from '@multiswarm/contracts';
import type { z } from 'zod';

const TIMEOUT_MS = 5_000;

/** Asks the owners of mailboxes, whichever replicas they are. All throw `mailbox-unavailable` where a shard has no owner at the moment. */
export class MailboxOwners {
  constructor(
    private readonly bus: Bus,
    private readonly domain: string,
  ) {}

  take(request: MailTake): Promise<MailTaken> {
    return this.ask(mailboxShardOf(request.mailbox), 'take', request, MailTaken, request.waitMs);
  }

  settle(report: MailSettle): Promise<MailSettled> {
    return this.ask(mailboxShardOf(report.mailbox), 'settle', report, MailSettled);
  }

  /** @throws MultiswarmError `recipient-unknown` where nobody has read it, and no swarm of that name is there */
  info(namespace: string, mailbox: string): Promise<MailboxInfo> {
    return this.ask(mailboxShardOf(mailbox), 'info', { namespace, mailbox }, MailboxInfo);
  }

  /** Those of a namespace that have messages or readers, by their names. */
  async list(namespace: string): Promise<MailboxInfo[]> {
    const shards = Array.from({ length: MAILBOX_SHARDS }, (_, shard) => shard);
    const lists = await Promise.all(
      shards.map((shard) => this.ask(shard, 'list', { namespace }, MailboxList)),
    );
    return lists.flatMap(({ mailboxes }) => mailboxes).sort((a, b) => (a.mailbox < b.mailbox ? -1 : 1));
  }

  /** What waits in this domain for others. */
  async outgoing(): Promise<OutgoingMail[]> {
    const shards = Array.from({ length: MAILBOX_SHARDS }, (_, shard) => shard);
    const lists = await Promise.all(shards.map((shard) => this.ask(shard, 'outgoing', {}, OutgoingMailList)));
    return lists.flatMap(({ outgoing }) => outgoing);
  }

  /** How those who write to each other do, by mailbox shard; undefined where its owner does not answer. */
  links(): Promise<(ShardLinks | undefined)[]> {
    const shards = Array.from({ length: MAILBOX_SHARDS }, (_, shard) => shard);
    return Promise.all(
      shards.map((shard) => this.ask(shard, 'links', {}, ShardLinks).catch(() => undefined)),
    );
  }

  private async ask<S extends z.ZodType>(
    shard: number,
    verb: string,
    body: unknown,
    reply: S,
    waitMs = 0,
  ): Promise<z.output<S>> {
    const subject = subjects.mailbox({ domain: this.domain, shard }, verb);
    try {
      return await this.bus.request(subject, body, { reply, timeoutMs: TIMEOUT_MS + waitMs });
    } catch (cause) {
      if (!(cause instanceof NobodyListensError)) throw cause;
      const text = `nobody owns the mailbox shard ${shard} at the moment: a communicator is about to take it over, or none runs`;
      throw new MultiswarmError('mailbox-unavailable', text, { cause });
    }
  }
}
