import type { PlaceItem, RankedSwarm } from '@multiswarm/contracts';
import type { Columns } from '../engine/columns';
import type { Counts } from '../engine/decision';
import type { View } from '../engine/view';
import type { Aids } from './aids';

/** Chooses among those who have room. A policy is one file, and one row of the table in `index.ts`. */
export interface Policy {
  readonly name: string;
  /** For people who choose one: what it does, in one sentence. */
  readonly summary: string;
  /**
   * Writes whom it would choose, the best first, into `aids.ranked` with their scores, RANKED of them at most, and returns how
   * many: at least one, because a view is never empty. Reads what lies in columns and groups; never looks at everybody.
   */
  rank(view: View, item: PlaceItem, aids: Aids): number;
  /** Told whom it has chosen, to keep columns of its own. */
  chosen?(columns: Columns, index: number): void;
  /** What a receipt says besides, of a policy that decides in the place of another one. */
  readonly reasons?: readonly string[] | undefined;
  /** One plain sentence: why the first of `ranked` was chosen. Rendered from what the decision has kept. */
  because(ranked: readonly RankedSwarm[], counts: Counts, scores: readonly number[]): string;
}
