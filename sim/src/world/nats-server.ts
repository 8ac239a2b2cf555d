import type { Random } from '@multiswarm/core';
import type { Geography, Way } from './geography';
import type { SimProcess } from './process';
import { between, pick } from './seeds';
import { EventLog } from './event-log';
import { short, type SubjectPattern } from './subjects';
import type { Timeline } from './timeline';
import { CALM, copiesOf, delayOf, type Weather } from './weather';

/** A connection of one process, as the server sees it. */
export interface Peer {
  readonly process: SimProcess;
  /** `broken`: lost, and neither side knows yet. */
  link: 'up' | 'broken' | 'down';
  /** Raised when the link breaks: what was on its way then never arrives. */
  linkNumber: number;
  lost(): void;
  restored(): void;
}

export interface Message {
  subject: string;
  text: string;
  traceparent: string | undefined;
  /** Takes the reply, or undefined where nobody listens. */
  reply?: ((text: string | undefined) => void) | undefined;
  from: Peer;
}

export interface Subscription {
  readonly pattern: SubjectPattern;
  readonly queue: string | undefined;
  readonly peer: Peer;
  deliver(message: Message): void;
}

/**
 * What has no number of its own, so that its receiver could not tell a copy from a second wish; whoever sends it repeats it
 * under a key. NATS makes no copies: those of other messages stand for senders that repeat them.
 */
const ONCE = /^(task\.submit|shard\.\d+\.command$)/;

/** Until a client finds out that its connection is gone, and until it has another one. */
const NOTICED_AFTER_MS = { from: 1, to: 1_500 };
const RECONNECTED_AFTER_MS = { from: 1, to: 400 };

/** NATS: it carries messages between the connections of processes, as well as the weather and the cuts allow. */
export class NatsServer {
  weather: Weather = CALM;
  readonly log: EventLog;
  private down = false;
  private readonly peers = new Set<Peer>();
  private readonly literal = new Map<string, Set<Subscription>>();
  private readonly patterns = new Set<Subscription>();

  constructor(
    readonly timeline: Timeline,
    readonly geography: Geography,
    readonly random: Random,
  ) {
    this.log = new EventLog(timeline);
  }

  connect(peer: Peer): void {
    this.peers.add(peer);
    peer.process.onDeath.push(() => this.disconnect(peer));
    if (this.down) peer.link = 'down';
  }

  /** The server sees at once when a process is gone: its operating system closes the connection. */
  disconnect(peer: Peer): void {
    this.peers.delete(peer);
    peer.link = 'down';
    peer.linkNumber += 1;
    for (const subscription of this.patterns) if (subscription.peer === peer) this.unsubscribe(subscription);
    for (const group of this.literal.values())
      for (const subscription of group) if (subscription.peer === peer) this.unsubscribe(subscription);
  }

  subscribe(subscription: Subscription): void {
    const { pattern } = subscription;
    if (!pattern.literal) return void this.patterns.add(subscription);
    const group = this.literal.get(pattern.text);
    if (group) group.add(subscription);
    else this.literal.set(pattern.text, new Set([subscription]));
  }

  unsubscribe(subscription: Subscription): void {
    this.patterns.delete(subscription);
    this.literal.get(subscription.pattern.text)?.delete(subscription);
  }

  /** Sends a message to everybody who listens: to one of each queue group. Answers how many were found. */
  route(message: Message): number {
    if (message.from.link !== 'up') return 1; // Lost on a connection of which its owner believes that it holds.
    const receivers = this.receivers(message);
    for (const subscription of receivers)
      this.carry(message.from, subscription.peer, short(message.subject), () =>
        subscription.deliver(message),
      );
    return receivers.length;
  }

  /** Takes something from one connection to another, unless it is lost on the way. */
  carry(from: Peer, to: Peer, label: string, arrive: () => void): void {
    if (from.link !== 'up' || to.link !== 'up' || this.way(from, to) !== 'open') return;
    const { linkNumber } = to;
    const copies = copiesOf(this.weather, this.random);
    for (const delay of ONCE.test(label) ? copies.slice(0, 1) : copies) {
      this.timeline.in(delay, to.process, label, () => {
        if (to.linkNumber === linkNumber) arrive();
      });
    }
  }

  /** Something that the server itself says to one connection. */
  tell(to: Peer, label: string, arrive: () => void): void {
    const { linkNumber } = to;
    this.timeline.in(delayOf(this.weather, this.random), to.process, label, () => {
      if (to.linkNumber === linkNumber) arrive();
    });
  }

  /** The connection breaks; its owner finds out a little later. */
  breakLink(peer: Peer, noticedAfterMs = this.noticed()): void {
    if (peer.link !== 'up') return;
    peer.link = 'broken';
    peer.linkNumber += 1;
    const { linkNumber } = peer;
    this.timeline.in(noticedAfterMs, peer.process, 'connection lost', () => {
      if (peer.linkNumber !== linkNumber || peer.link !== 'broken') return;
      peer.link = 'down';
      peer.lost();
    });
  }

  restoreLink(peer: Peer): void {
    if (peer.link === 'up') return;
    const { linkNumber } = peer;
    const after = between(this.random, RECONNECTED_AFTER_MS.from, RECONNECTED_AFTER_MS.to);
    this.timeline.in(after, peer.process, 'connection restored', () => {
      if (peer.linkNumber !== linkNumber || peer.link === 'up' || this.down) return;
      // A connection that broke without being noticed ends before the next one begins.
      if (peer.link === 'broken') peer.lost();
      peer.link = 'up';
      peer.restored();
    });
  }

  /** The server goes down: every client sees its connection close. */
  stop(): void {
    this.down = true;
    for (const peer of this.peers) this.breakLink(peer, between(this.random, 0, 2));
  }

  start(): void {
    this.down = false;
    for (const peer of this.peers) this.restoreLink(peer);
  }

  peersOf(process: SimProcess): Peer[] {
    return [...this.peers].filter((peer) => peer.process === process);
  }

  allPeers(): Iterable<Peer> {
    return this.peers;
  }

  way(from: Peer, to: Peer): Way {
    return this.geography.way(from.process.site, to.process.site);
  }

  private receivers({ subject, from }: Message): Subscription[] {
    const found: Subscription[] = [];
    const groups = new Map<string, Subscription[]>();
    const add = (subscription: Subscription): void => {
      const { peer, queue } = subscription;
      // A broken link still counts as a listener, and loses what it is sent.
      if (peer.link === 'down' || this.way(from, peer) === 'none') return;
      if (queue === undefined) return void found.push(subscription);
      const group = groups.get(queue);
      if (group) group.push(subscription);
      else groups.set(queue, [subscription]);
    };
    this.literal.get(subject)?.forEach(add);
    for (const subscription of this.patterns) if (subscription.pattern.matches(subject)) add(subscription);
    for (const group of groups.values())
      found.push(group.length === 1 ? (group[0] as Subscription) : pick(this.random, group));
    return found;
  }

  private noticed(): number {
    return between(this.random, NOTICED_AFTER_MS.from, NOTICED_AFTER_MS.to);
  }
}
