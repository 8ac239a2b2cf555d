import type { DirectoryChange, DirectoryChanges, DirectoryPlace } from '@multiswarm/contracts';

/** A change of the directory; `synced`: all that is there has been told. */
export type DirectoryNews = DirectoryChange | { kind: 'synced' };

/**
 * Reads changes of the directory on from place to place.
 *
 * N1. Whoever applies what `take` returns has, at each `synced` and after each complete answer, what is there, whichever replicas have
 *     answered, and however long it has not asked.
 */
export class DirectoryReader {
  private readonly known = new Set<string>();
  /** While it begins anew: what has been told since. */
  private fresh: Set<string> | undefined;
  private reached: DirectoryPlace | undefined;

  /** Behind which to ask on. */
  get place(): DirectoryPlace | undefined {
    return this.reached;
  }

  take({ place, reset, complete, changes }: DirectoryChanges): DirectoryNews[] {
    this.reached = place;
    if (reset) this.fresh = new Set();
    const news: DirectoryNews[] = changes.filter((change) => this.note(change));
    if (!complete || this.fresh === undefined) return news;
    const { fresh } = this;
    this.fresh = undefined;
    const gone = [...this.known].filter((swarmId) => !fresh.has(swarmId));
    for (const swarmId of gone) this.known.delete(swarmId);
    return [...news, ...gone.map((swarmId) => ({ kind: 'delete' as const, swarmId })), { kind: 'synced' }];
  }

  /** Whether it is news to this reader. */
  private note(change: DirectoryChange): boolean {
    if (change.kind === 'delete') return this.known.delete(change.swarmId);
    this.known.add(change.entry.swarmId);
    this.fresh?.add(change.entry.swarmId);
    return true;
  }
}
