import {
  LIMITS,
  MAILBOX_SHARDS,
  type CommunicationLink,
  type LinkCounts,
  type MailCause,
  type ShardLinks,
} from '@multiswarm/contracts';
import type { LogSketch } from '@multiswarm/core';
import type { Link } from '../domain/links/link';
import { LinkBoard } from '../domain/links/link-board';
import type { Mail } from '../domain/mailbox/mail';
import type { Mailbox, Moment } from '../domain/mailbox/mailbox';
import type { CountMail } from '../ports';

/** What became of the messages of a mailbox shard, link by link and, for those who watch the process, in all. */
export class LinkTally {
  private readonly board: LinkBoard;

  constructor(
    private readonly since: Moment,
    private readonly count: CountMail,
    most: number = LIMITS.COMMUNICATION_LINKS / MAILBOX_SHARDS,
  ) {
    this.board = new LinkBoard(most, since.monotonicMs);
  }

  acknowledged(mailbox: Mailbox, { from, bytes, storedAtMs, deliverAtMs }: Mail, now: Moment): void {
    const latencyMs = now.wallMs - Math.max(storedAtMs, deliverAtMs);
    this.board.of(mailbox, from, now.monotonicMs).delivered(bytes, latencyMs, now.monotonicMs);
    this.count.delivered(bytes);
  }

  /** Another domain has it. */
  forwarded(mailbox: Mailbox, { from }: Mail, { monotonicMs }: Moment): void {
    this.board.of(mailbox, from, monotonicMs).count('forwarded', monotonicMs);
  }

  /** A try has failed. */
  failed(mailbox: Mailbox, { from, fault }: Mail, { monotonicMs }: Moment): void {
    const link = this.board.of(mailbox, from, monotonicMs);
    link.count('failedTries', monotonicMs);
    if (mailbox.breaker.takeOpening()) link.count('breakerOpenings', monotonicMs);
    this.count.failed(fault?.cause ?? 'handler-failed');
  }

  dead(mailbox: Mailbox, { from }: Mail, cause: MailCause, { monotonicMs }: Moment): void {
    const link = this.board.of(mailbox, from, monotonicMs);
    link.count('dead', monotonicMs);
    if (cause === 'expired') link.count('expired', monotonicMs);
    this.count.dead(cause);
  }

  /** @param breakerOf the state of the breaker of a recipient */
  view(
    breakerOf: (namespace: string, to: string) => CommunicationLink['breaker'],
    { monotonicMs }: Moment,
  ): ShardLinks {
    return {
      since: new Date(this.since.wallMs).toISOString(),
      links: [...this.board.all()].map(({ namespace, from, to, link }) => ({
        ...{ namespace, from, to, breaker: breakerOf(namespace, to) },
        ...countsOf(link, monotonicMs),
      })),
      other: countsOf(this.board.other, monotonicMs),
      latencies: this.board.latencies(monotonicMs).state(),
    };
  }
}

function countsOf(link: Link, nowMs: number): LinkCounts {
  const { messages, bytes } = link.rates(nowMs);
  return {
    ...link.counts,
    ...{ messagesPerSecond: rounded(messages), bandwidthBytesPerSecond: rounded(bytes) },
    ...latencyOf(link.latencies(nowMs)),
  };
}

/** Nothing where nothing was delivered. */
export function latencyOf(sketch: LogSketch): Pick<LinkCounts, 'latencyMs'> {
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) => sketch.quantile(q));
  if (p50 === undefined || p90 === undefined || p99 === undefined) return {};
  return { latencyMs: { p50: rounded(p50), p90: rounded(p90), p99: rounded(p99) } };
}

export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
