import { topologicalOrder, type GraphStep } from '../graph';
import type { ReadWorkflow } from './reading';

const BITS = 32;

/**
 * Which of some steps are upstream of which: sets of bits handed down along the edges, so that it costs edges × looked-at
 * steps / 32 and not a search for each question.
 */
export class Upstream {
  private readonly places: ReadonlyMap<string, number>;
  /** Where the bits of a step begin. */
  private readonly rows = new Map<string, number>();
  private readonly words: number;
  private readonly bits: Uint32Array;

  /** @param distant the steps of which it is not known that whoever asks for them depends on them. */
  constructor({ byId, around }: ReadWorkflow, distant: ReadonlySet<string>) {
    this.places = new Map([...distant].map((id, place) => [id, place]));
    this.words = Math.ceil(distant.size / BITS);
    const before = around?.steps().filter(({ id }) => !byId.has(id)) ?? [];
    const all: readonly GraphStep[] = [...before, ...byId.values()];
    const dependsOn = new Map(all.map((step) => [step.id, step.dependsOn]));
    const order = topologicalOrder(all);
    this.bits = new Uint32Array(order.length * this.words);
    order.forEach((id, at) => this.handDown(id, at * this.words, dependsOn.get(id) ?? []));
  }

  /** Undefined where a cycle makes it meaningless. */
  isUpstream(of: string, asked: string): boolean | undefined {
    const place = this.places.get(asked);
    if (place === undefined) return true;
    const row = this.rows.get(of);
    return row === undefined ? undefined : ((this.bits[wordOf(row, place)] ?? 0) & bitOf(place)) !== 0;
  }

  private handDown(id: string, row: number, dependsOn: readonly string[]): void {
    const { bits, words } = this;
    for (const upstream of dependsOn) {
      const from = this.rows.get(upstream);
      if (from === undefined) continue;
      for (let at = 0; at < words; at++) bits[row + at] = (bits[row + at] ?? 0) | (bits[from + at] ?? 0);
      const place = this.places.get(upstream);
      if (place === undefined) continue;
      const word = wordOf(row, place);
      bits[word] = (bits[word] ?? 0) | bitOf(place);
    }
    this.rows.set(id, row);
  }
}

function wordOf(row: number, place: number): number {
  return row + Math.floor(place / BITS);
}

function bitOf(place: number): number {
  return 1 << (place % BITS);
}
