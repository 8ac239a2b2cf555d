import {
  addVectors,
  fromVector,
  subtractVectors,
  toVector,
  vectorAtLeastZero,
  type Resources,
  type ResourceVector,
} from '@multiswarm/contracts';

/** What a swarm has: its own, less what it lends, and what it borrows. */
export class ResourcePool {
  private readonly own: ResourceVector;
  private readonly lent = new Map<string, ResourceVector>();
  private readonly borrowed = new Map<string, ResourceVector>();

  constructor(
    own: Resources,
    private readonly onChange: (resources: Resources) => void,
  ) {
    this.own = toVector(own);
  }

  /** More may be lent than there is now: what runs on it goes on, and nothing new fits. */
  get resources(): Resources {
    let sum = this.own;
    for (const vector of this.lent.values()) sum = subtractVectors(sum, vector);
    for (const vector of this.borrowed.values()) sum = addVectors(sum, vector);
    return fromVector(vectorAtLeastZero(sum));
  }

  lend(offer: string, resources: Resources): void {
    if (this.lent.has(offer)) return;
    this.lent.set(offer, toVector(resources));
    this.onChange(this.resources);
  }

  borrow(offer: string, resources: Resources): void {
    this.borrowed.set(offer, toVector(resources));
    this.onChange(this.resources);
  }

  /** What was lent is back. */
  regain(offer: string): void {
    if (this.lent.delete(offer)) this.onChange(this.resources);
  }

  /** What was borrowed is gone. */
  giveBack(offer: string): void {
    if (this.borrowed.delete(offer)) this.onChange(this.resources);
  }
}
