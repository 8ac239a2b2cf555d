import { hash } from 'node:crypto';

/** Messages of one conversation that its state knows: one that comes again is known as long as it can come again. */
export const PROCESSED_KNOWN = 1_000;
/** Of SHA-256 in base64url: 72 bits, so that two of a thousand messages are taken for one with a probability of 10^-16. */
const CHARS = 12;

/**
 * Which messages are in a state: the newest ones, in the order in which they came into it. It is written with each state, so it is a
 * text of few characters for each.
 */
export class ProcessedIds {
  /** @param text as `toString` gives it */
  constructor(private readonly text = '') {}

  has(id: string): boolean {
    const key = keyOf(id);
    for (let at = this.text.indexOf(key); at >= 0; at = this.text.indexOf(key, at + 1))
      if (at % CHARS === 0) return true;
    return false;
  }

  with(ids: readonly string[]): ProcessedIds {
    return new ProcessedIds((this.text + ids.map(keyOf).join('')).slice(-PROCESSED_KNOWN * CHARS));
  }

  toString(): string {
    return this.text;
  }
}

function keyOf(id: string): string {
  return hash('sha256', id, 'base64url').slice(0, CHARS);
}
