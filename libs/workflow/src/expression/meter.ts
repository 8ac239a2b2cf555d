import type { JsonValue } from '@multiswarm/contracts';
import { CostError } from './expression-error';

/** Characters of text that cost as much as one node. */
const CHARS_PER_STEP = 32;
/** A search for a text of this length costs one step; it is quadratic at worst. */
const NEEDLE_CHARS = 32;

/** What one evaluation may still cost: about one step for each node, element and 32 characters that it looks at. */
export class Meter {
  constructor(private left: number) {}

  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new CostError();
  }

  spendText(text: string): void {
    this.spend(text.length / CHARS_PER_STEP);
  }

  spendSearch(text: string, needle: string): void {
    this.spend(text.length / CHARS_PER_STEP + (needle.length / NEEDLE_CHARS) ** 2);
  }

  /** For what looks at all of a value, as comparing does. */
  weigh(value: JsonValue): void {
    if (typeof value === 'string') this.spendText(value);
    else if (Array.isArray(value)) {
      this.spend(value.length);
      for (const element of value) this.weigh(element);
    } else if (typeof value === 'object' && value !== null) {
      for (const key in value) {
        this.spend(1);
        this.weigh(value[key] ?? null);
      }
    }
  }
}
