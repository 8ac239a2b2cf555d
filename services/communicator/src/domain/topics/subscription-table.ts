import type { TopicSubscription } from '@multiswarm/contracts';
import { PatternTrie } from './pattern-trie';

interface Row {
  subscription: TopicSubscription;
  revision: number;
}

/**
 * The subscriptions as one process knows them, by what it is told of a bucket's revisions. Pure.
 *
 * S1. What is told late, of an earlier revision of the same subscription, changes nothing.
 * S2. Where this process keeps them, nobody else may say that one has caught up: it has, with an earlier keeper's place in the stream,
 *     and goes on from there.
 */
export class SubscriptionTable {
  /** Whoever copies events is in this process. */
  isKeeper = false;
  private readonly rows = new Map<string, Row>();
  private readonly tries = new Map<string, PatternTrie<string>>();
  private readonly late = new Set<string>();

  get size(): number {
    return this.rows.size;
  }

  get(id: string): Row | undefined {
    return this.rows.get(id);
  }

  ids(): string[] {
    return [...this.rows.keys()];
  }

  of(namespace: string): TopicSubscription[] {
    const all = [...this.rows.values()].map(({ subscription }) => subscription);
    return all.filter((each) => each.namespace === namespace).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  all(): TopicSubscription[] {
    return [...this.rows.values()].map(({ subscription }) => subscription);
  }

  /** Those that get what was published before. */
  behind(): TopicSubscription[] {
    return [...this.late].flatMap((id) => this.rows.get(id)?.subscription ?? []);
  }

  /** Those that get an event as it comes. */
  currentFor(namespace: string, topic: string, seq: number): TopicSubscription[] {
    const ids = this.tries.get(namespace)?.match(topic) ?? [];
    return [...ids]
      .flatMap((id) => this.rows.get(id)?.subscription ?? [])
      .filter(({ behind, next }) => !behind && next <= seq);
  }

  /** @param isOwn it was written by this process */
  note(subscription: TopicSubscription, revision: number, isOwn: boolean): void {
    const { id, namespace, pattern } = subscription;
    const before = this.rows.get(id);
    if (before && before.revision >= revision) return; // S1
    const behind = subscription.behind || (this.isKeeper && !isOwn); // S2
    this.rows.set(id, { subscription: { ...subscription, behind }, revision });
    if (behind) this.late.add(id);
    else this.late.delete(id);
    if (before) return;
    let trie = this.tries.get(namespace);
    if (!trie) this.tries.set(namespace, (trie = new PatternTrie()));
    trie.add(pattern, id);
  }

  remove(id: string): void {
    const row = this.rows.get(id);
    if (!row) return;
    this.rows.delete(id);
    this.late.delete(id);
    const { namespace, pattern } = row.subscription;
    const trie = this.tries.get(namespace);
    trie?.remove(pattern, id);
    if (trie?.isEmpty) this.tries.delete(namespace);
  }
}
