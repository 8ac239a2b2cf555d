/** Leaves of a fresh tree. A power of two, as every size of it. */
const LEAVES = 4;
const NOBODY = -1;
/** The longest list that one call may ask for. */
export const TOP = 64;
/** Nodes that are still to be looked at for a list: for each of its items, a sibling on each level. Used by one call at a time. */
const frontier = new Int32Array(TOP * 32);

/** Which of two leaves is ahead: negative where `a` is. Total: only the same leaf is level with itself. */
export type Ahead = (a: number, b: number) => number;

/**
 * A winner tree (Knuth, The Art of Computer Programming 3, 5.4.1): the best of many leaves at once, and one comparison
 * for each level after a leaf has changed. Leaves are positions 0 to `size` − 1 of somebody's list.
 */
export class WinnerTree {
  private leaves = LEAVES;
  /** Node 1 is the root, the children of n are 2n and 2n + 1; leaf p is node `leaves` + p. Each holds a position, or NOBODY. */
  private winners = new Int32Array(LEAVES * 2).fill(NOBODY);
  private waiting = 0;

  constructor(private readonly ahead: Ahead) {}

  /** The position of the best leaf, or -1. */
  get best(): number {
    return this.winners[1] as number;
  }

  /** The leaf at `position` is there, and may have changed. */
  set(position: number): void {
    while (position >= this.leaves) this.grow();
    this.winners[this.leaves + position] = position;
    this.climb(position);
  }

  remove(position: number): void {
    this.winners[this.leaves + position] = NOBODY;
    this.climb(position);
  }

  /** The best `count` positions (TOP at most) in order, written into `into` from index `from` on; returns how many there are. */
  top(count: number, into: Int32Array, from = 0): number {
    frontier[0] = 1;
    this.waiting = this.best === NOBODY ? 0 : 1;
    let found = 0;
    while (found < count && this.waiting > 0) {
      const node = this.takeBest();
      const winner = this.winners[node] as number;
      into[from + found] = winner;
      found += 1;
      if (found < count) this.spread(node, winner);
    }
    return found;
  }

  /** Whom the winner of a node has beaten below it. */
  private spread(node: number, winner: number): void {
    const { winners } = this;
    for (let at = this.leaves + winner; at > node; at >>= 1) {
      if (winners[at ^ 1] === NOBODY) continue;
      frontier[this.waiting] = at ^ 1;
      this.waiting += 1;
    }
  }

  private takeBest(): number {
    const { winners } = this;
    let best = 0;
    let winner = winners[frontier[0] as number] as number;
    for (let at = 1; at < this.waiting; at += 1) {
      const other = winners[frontier[at] as number] as number;
      if (this.ahead(other, winner) >= 0) continue;
      best = at;
      winner = other;
    }
    const node = frontier[best] as number;
    this.waiting -= 1;
    frontier[best] = frontier[this.waiting] as number;
    return node;
  }

  private climb(position: number): void {
    const { winners } = this;
    for (let node = (this.leaves + position) >> 1; node >= 1; node >>= 1) {
      const before = winners[node] as number;
      const winner = this.better(winners[node * 2] as number, winners[node * 2 + 1] as number);
      winners[node] = winner;
      // Somebody else won before and wins still: nothing above has changed.
      if (winner === before && winner !== position) return;
    }
  }

  private better(a: number, b: number): number {
    if (a === NOBODY) return b;
    if (b === NOBODY) return a;
    return this.ahead(a, b) <= 0 ? a : b;
  }

  private grow(): void {
    const { leaves, winners } = this;
    this.leaves *= 2;
    this.winners = new Int32Array(this.leaves * 2).fill(NOBODY);
    for (let position = 0; position < leaves; position += 1)
      this.winners[this.leaves + position] = winners[leaves + position] as number;
    for (let node = this.leaves - 1; node >= 1; node -= 1)
      this.winners[node] = this.better(
        this.winners[node * 2] as number,
        this.winners[node * 2 + 1] as number,
      );
  }
}
