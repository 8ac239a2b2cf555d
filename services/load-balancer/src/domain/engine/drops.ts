import { PLACEMENT_RULES, type PlacementRule, type Rejection } from '@multiswarm/contracts';
import type { Ask } from '../requirement-rules';
import type { ResourceVector } from '../resource-vector';
import { IDLE_RULES, idleDetail } from './idle';

/** Swarms that a rejection names. */
export const EXAMPLES = 5;
/** What is asked for of a swarm that health gives nothing to do now. */
const HEALTHY = 'a swarm in good health';

/** Why an endpoint is in no group of a pool: it is not there, health gives it nothing, or a rule drops it, the first from `FIRST_RULE` down. */
export const NOWHERE = -1;
export const UNHEALTHY = -2;
export const FIRST_RULE = -3;

/** What the examples are taken from. */
export interface Homes {
  /** Rows that there are. */
  readonly size: number;
  /** The group of a row, 0 or more, or why it is in none. */
  homeOf(index: number): number;
  nameAt(index: number): string;
}

/** How many endpoints are in no group of a pool, and why. What it tells is made anew only when that has changed. */
export class Drops {
  /** By reason: at −1 − the reason. */
  private readonly counts: Int32Array;
  private told: readonly Rejection[] | undefined;

  constructor(
    private readonly asks: readonly Ask[],
    private readonly homes: Homes,
  ) {
    this.counts = new Int32Array(-FIRST_RULE + IDLE_RULES.length + asks.length);
  }

  /** Of those who could run it, how many health gives nothing. */
  get unhealthy(): number {
    return this.counts[-1 - UNHEALTHY] as number;
  }

  enter(reason: number): void {
    this.counts[-1 - reason] = (this.counts[-1 - reason] as number) + 1;
    this.told = undefined;
  }

  leave(reason: number): void {
    this.counts[-1 - reason] = (this.counts[-1 - reason] as number) - 1;
    this.told = undefined;
  }

  /** A name may be that of another one. */
  renamed(): void {
    this.told = undefined;
  }

  /** By the rule that says most, in the order of PLACEMENT_RULES. The same list while nothing changes. */
  rejected(): readonly Rejection[] {
    return (this.told ??= this.tell());
  }

  private tell(): readonly Rejection[] {
    const examples = this.examples();
    const rejections = PLACEMENT_RULES.flatMap((rule) => this.byRule(rule, examples));
    if (this.unhealthy === 0) return rejections;
    const count = this.unhealthy;
    return [
      ...rejections,
      { rule: 'health', count, detail: HEALTHY, examples: this.names(examples[-1 - UNHEALTHY]) },
    ];
  }

  private byRule(rule: PlacementRule, examples: readonly (readonly number[])[]): Rejection[] {
    const parts = Array.from({ length: IDLE_RULES.length + this.asks.length }, (_, number) => number)
      .map((number) => ({ at: -1 - FIRST_RULE + number, ...this.describe(number) }))
      .filter((part) => part.rule === rule && (this.counts[part.at] as number) > 0);
    if (parts.length === 0) return [];
    return [
      {
        rule,
        count: parts.reduce((sum, { at }) => sum + (this.counts[at] as number), 0),
        detail: [...new Set(parts.slice(0, EXAMPLES).map(({ detail }) => detail))].join(', '),
        examples: this.names(parts.flatMap(({ at }) => examples[at] ?? [])),
      },
    ];
  }

  private describe(number: number): { rule: PlacementRule; detail: string } {
    const idle = IDLE_RULES[number];
    if (idle !== undefined) return { rule: idle, detail: idleDetail(idle) };
    return this.asks[number - IDLE_RULES.length] as Ask;
  }

  private names(rows: readonly number[] = []): string[] {
    return rows.slice(0, EXAMPLES).map((index) => this.homes.nameAt(index));
  }

  /** Some rows for each reason, found in one walk that ends when there are enough of each. */
  private examples(): number[][] {
    const { counts, homes } = this;
    const found: number[][] = Array.from(counts, () => []);
    let missing = 0;
    for (let at = -1 - UNHEALTHY; at < counts.length; at += 1)
      missing += Math.min(EXAMPLES, counts[at] as number);
    for (let index = 0; index < homes.size && missing > 0; index += 1) {
      const home = homes.homeOf(index);
      if (home >= NOWHERE) continue;
      const rows = found[-1 - home] as number[];
      if (rows.length === EXAMPLES) continue;
      rows.push(index);
      missing -= 1;
    }
    return found;
  }
}

/** What is asked for of a swarm that is full. */
export function slotDetail(resources: ResourceVector | undefined): string {
  return resources === undefined ? 'a free slot' : 'a free slot with the resources asked for';
}
