import type { LogSketch } from '@multiswarm/core';
import { Link, WINDOW_MS } from './link';

/** A mailbox, as far as links are told apart by it. */
export interface Recipient {
  readonly namespace: string;
  readonly name: string;
}

export interface SeenLink {
  namespace: string;
  from: string;
  to: string;
  link: Link;
}

/** A link that nothing was counted of for so long makes room for another one. */
const IDLE_MS = 10 * 60_000;

/**
 * The links of a mailbox shard: no more than `most`, and one for all others. Counting a message costs two look-ups and no string.
 *
 * L1. Nothing that was counted is lost: what makes room is added to the others.
 */
export class LinkBoard {
  readonly other: Link;
  private readonly links = new Map<string, SeenLink>();
  /** By sender: what is looked up for each message. */
  private near = new WeakMap<Recipient, Map<string, Link>>();
  private sweptAtMs: number;

  constructor(
    private readonly most: number,
    nowMs: number,
  ) {
    this.other = new Link(nowMs);
    this.sweptAtMs = nowMs;
  }

  of(to: Recipient, from: string, nowMs: number): Link {
    return this.near.get(to)?.get(from) ?? this.find(to, from, nowMs);
  }

  all(): IterableIterator<SeenLink> {
    return this.links.values();
  }

  /** How long messages took, over all links. */
  latencies(nowMs: number): LogSketch {
    const all = this.other.latencies(nowMs);
    for (const { link } of this.links.values()) all.merge(link.latencies(nowMs));
    return all;
  }

  private find(to: Recipient, from: string, nowMs: number): Link {
    const key = `${to.namespace} ${to.name} ${from}`;
    const link = this.links.get(key)?.link ?? this.make(key, to, from, nowMs);
    if (link !== this.other) {
      const near = this.near.get(to) ?? new Map<string, Link>();
      this.near.set(to, near.set(from, link));
    }
    return link;
  }

  private make(key: string, { namespace, name }: Recipient, from: string, nowMs: number): Link {
    if (this.links.size >= this.most) this.sweep(nowMs);
    if (this.links.size >= this.most) return this.other;
    const link = new Link(nowMs);
    this.links.set(key, { namespace, from, to: name, link });
    return link;
  }

  /** L1. Once a minute at most: it looks at all. */
  private sweep(nowMs: number): void {
    if (nowMs - this.sweptAtMs < WINDOW_MS) return;
    this.sweptAtMs = nowMs;
    for (const [key, { link }] of this.links) {
      if (nowMs - link.touchedAtMs < IDLE_MS) continue;
      this.other.absorb(link, nowMs);
      this.links.delete(key);
    }
    this.near = new WeakMap();
  }
}
