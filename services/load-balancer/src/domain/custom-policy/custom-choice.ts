import type { PlaceItem, RankedSwarm } from '@multiswarm/contracts';
import type { Columns } from '../engine/columns';
import type { Counts } from '../engine/decision';
import type { View } from '../engine/view';
import { RANKED, type Aids, type Policy } from '../policies';

/** What a user's own policy said of one item: swarms in the order of its wish; or why it said nothing. */
export type Wish = readonly string[] | { why: string };

/**
 * The choice of a user's own policy for one item, which was made before: it takes the first of the wished swarms that is still
 * open, since between question and answer others were placed. Where there is none, another policy decides, and the receipt
 * says why.
 */
export class CustomChoice implements Policy {
  readonly summary = "what a user's own policy wished";
  private stoodIn: string | undefined;

  constructor(
    private readonly asked: string,
    private readonly wish: Wish,
    private readonly fallback: Policy,
    /** The row of a swarm; undefined where there is none any more. */
    private readonly rowOf: (swarmId: string) => number | undefined,
  ) {}

  get name(): string {
    return this.stoodIn === undefined ? this.asked : this.fallback.name;
  }

  get reasons(): readonly string[] | undefined {
    return this.stoodIn === undefined ? undefined : [`${this.asked} was asked for, but ${this.stoodIn}`];
  }

  rank(view: View, item: PlaceItem, aids: Aids): number {
    const found = 'why' in this.wish ? 0 : this.wished(this.wish, view, aids);
    if (found > 0) return found;
    this.stoodIn = whyNot(this.wish);
    return this.fallback.rank(view, item, aids);
  }

  chosen(columns: Columns, index: number): void {
    this.fallback.chosen?.(columns, index);
  }

  because(ranked: readonly RankedSwarm[], counts: Counts, scores: readonly number[]): string {
    if (this.stoodIn !== undefined) return this.fallback.because(ranked, counts, scores);
    const place = scores[0] ?? 1;
    const which = place === 1 ? 'first' : `number ${place}`;
    return `${which} of ${'why' in this.wish ? 0 : this.wish.length} that ${this.asked} wished for, of ${counts.free} with a free slot`;
  }

  /** Scores are places in the wish. */
  private wished(wish: readonly string[], view: View, { ranked, scores }: Aids): number {
    let found = 0;
    for (let place = 0; place < wish.length && found < RANKED; place += 1) {
      const index = this.rowOf(wish[place] as string);
      if (index === undefined || !view.has(index)) continue;
      ranked[found] = index;
      scores[found] = place + 1;
      found += 1;
    }
    return found;
  }
}

function whyNot(wish: Wish): string {
  if ('why' in wish) return wish.why;
  if (wish.length === 0) return 'it named no swarm for this one';
  return wish.length === 1
    ? 'the swarm that it named cannot take it now'
    : `none of the ${wish.length} swarms that it named can take it now`;
}
