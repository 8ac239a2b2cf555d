import type { Columns } from './columns';

/**
 * A way to rank endpoints that is kept up while they change. The smaller key is ahead; of equals the cheaper one, then who
 * was chosen longest ago, then who joined first: the same fleet and the same work always give the same placements.
 * A key changes only when a row changes that a journal of the columns tells of: what changes with time alone cannot be kept in order.
 */
export interface Order {
  readonly name: string;
  key(columns: Columns, index: number): number;
}

/** Busy share of its slots. */
export const byLoad: Order = { name: 'load', key: (columns, index) => columns.loadAt(index) };
/** Who was chosen longest ago. */
export const byTurn: Order = { name: 'turn', key: ({ turn }, index) => turn[index] as number };
