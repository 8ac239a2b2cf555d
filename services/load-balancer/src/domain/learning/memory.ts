import { Evidence, type Attempt, type EvidenceState } from './evidence';
import { TypeKnowledge, type Pair } from './type-knowledge';

/** How much of its pairs a memory that is full forgets at once. */
const FORGOTTEN = 1 / 8;

/** A type on a class. */
export interface PairName {
  type: string;
  swarmClass: string;
}

export interface RememberedPair extends PairName {
  knowledge: TypeKnowledge;
  pair: Pair;
}

/** What is meant: everything, a type, a class, or a type on a class. */
export type Scope = { [name in keyof PairName]?: string | undefined };

export function isIn(scope: Scope, { type, swarmClass }: PairName): boolean {
  return (scope.type ?? type) === type && (scope.swarmClass ?? swarmClass) === swarmClass;
}

/**
 * Evidence by type and class, of so many pairs at most: where there are more, those that were heard of the longest ago go.
 */
export class Memory {
  private readonly types = new Map<string, TypeKnowledge>();
  /** Pairs that had to go, for whoever keeps a copy. */
  private gone: PairName[] = [];
  private size = 0;
  private changes = 0;

  constructor(
    private readonly halfLifeMs: number,
    private readonly mostPairs: number,
  ) {}

  of(type: string): TypeKnowledge | undefined {
    return this.types.get(type);
  }

  observe(type: string, swarmClass: string, attempt: Attempt, nowMs: number): void {
    const knowledge = this.typeOf(type);
    const pair = knowledge.pairs.get(swarmClass) ?? this.add(knowledge, swarmClass, nowMs);
    knowledge.observe(pair, attempt, nowMs);
    pair.change = this.changes += 1;
    this.makeRoom();
  }

  /** Takes over evidence from elsewhere, where it has heard of more attempts than there are in our own. */
  adopt({ type, swarmClass }: PairName, state: EvidenceState): boolean {
    const known = this.types.get(type)?.pairs.get(swarmClass);
    if (known !== undefined && known.evidence.seen >= state.seen) return false;
    const knowledge = this.typeOf(type);
    const pair = known ?? this.add(knowledge, swarmClass, state.asOfMs);
    knowledge.adopt(pair, Evidence.from(state, this.halfLifeMs), state.asOfMs);
    this.makeRoom();
    return true;
  }

  forget(scope: Scope): void {
    for (const pair of [...this.pairs()]) if (isIn(scope, pair)) this.remove(pair);
  }

  *pairs(): IterableIterator<RememberedPair> {
    for (const [type, knowledge] of this.types)
      for (const [swarmClass, pair] of knowledge.pairs) yield { type, swarmClass, knowledge, pair };
  }

  /** The number of the last change. */
  get change(): number {
    return this.changes;
  }

  /** Those that had to go since the last call. */
  takeGone(): PairName[] {
    const { gone } = this;
    this.gone = [];
    return gone;
  }

  private typeOf(type: string): TypeKnowledge {
    const known = this.types.get(type);
    if (known !== undefined) return known;
    const knowledge = new TypeKnowledge(this.halfLifeMs);
    this.types.set(type, knowledge);
    return knowledge;
  }

  private add(knowledge: TypeKnowledge, swarmClass: string, nowMs: number): Pair {
    this.size += 1;
    return knowledge.add(swarmClass, nowMs);
  }

  private makeRoom(): void {
    if (this.size <= this.mostPairs) return;
    const oldest = [...this.pairs()].sort((a, b) => a.pair.lastMs - b.pair.lastMs);
    for (const pair of oldest.slice(0, Math.ceil(oldest.length * FORGOTTEN))) {
      this.remove(pair);
      this.gone.push({ type: pair.type, swarmClass: pair.swarmClass });
    }
    this.gone.splice(0, this.gone.length - this.mostPairs);
  }

  private remove({ type, swarmClass, knowledge }: RememberedPair): void {
    knowledge.remove(swarmClass);
    this.size -= 1;
    if (knowledge.pairs.size === 0) this.types.delete(type);
  }
}
