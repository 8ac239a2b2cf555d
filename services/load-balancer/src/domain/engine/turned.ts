import type { Rejection } from '@multiswarm/contracts';

/** Who could not be chosen, as many decisions have it in common: what is told of it is made when somebody reads it. */
export class Turned {
  private rendered: Rejection[] | undefined;

  constructor(
    private readonly dropped: readonly Rejection[],
    /** How many could run it and are full; what they lack, and some of their names. */
    private readonly full: number,
    private readonly detail: string,
    private readonly examples: readonly string[],
  ) {}

  /** Whether it still says what is so. */
  is(dropped: readonly Rejection[], full: number, examples: readonly string[]): boolean {
    return dropped === this.dropped && full === this.full && examples === this.examples;
  }

  /** The same list each time. */
  get list(): Rejection[] {
    return (this.rendered ??= this.render());
  }

  private render(): Rejection[] {
    if (this.full === 0) return [...this.dropped];
    const { full: count, detail } = this;
    return [...this.dropped, { rule: 'slot', count, detail, examples: [...this.examples] }];
  }
}
