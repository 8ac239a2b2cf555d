import { topologicalOrder } from '../graph';
import type { ReadStep, ReadWorkflow } from './reading';

const BITS = 32;

/**
 * Which of some steps are upstream of which: sets of bits handed down along the edges, so that it costs edges × looked-at
 * steps / 32 and not a search for each question.
 */
export class Upstream {
  private readonly places: ReadonlyMap<string, number>;
  private readonly before = new Map<string, Uint32Array>();

  /** @param distant the steps of which it is not known that whoever asks for them depends on them. */
  constructor({ steps, byId }: ReadWorkflow, distant: ReadonlySet<string>) {
    this.places = new Map([...distant].map((id, place) => [id, place]));
    if (distant.size === 0) return;
    const words = Math.ceil(distant.size / BITS);
    for (const id of topologicalOrder(steps)) this.before.set(id, this.handDown(byId.get(id), words));
  }

  /** Undefined where a cycle makes it meaningless. */
  isUpstream(of: string, asked: string): boolean | undefined {
    const place = this.places.get(asked);
    if (place === undefined) return true;
    const bits = this.before.get(of);
    return bits === undefined ? undefined : isSet(bits, place);
  }

  private handDown(step: ReadStep | undefined, words: number): Uint32Array {
    const bits = new Uint32Array(words);
    for (const id of step?.dependsOn ?? []) {
      this.before.get(id)?.forEach((word, at) => (bits[at] = (bits[at] ?? 0) | word));
      const place = this.places.get(id);
      if (place === undefined) continue;
      const word = Math.floor(place / BITS);
      bits[word] = (bits[word] ?? 0) | (1 << (place % BITS));
    }
    return bits;
  }
}

function isSet(bits: Uint32Array, place: number): boolean {
  return ((bits[Math.floor(place / BITS)] ?? 0) & (1 << (place % BITS))) !== 0;
}
