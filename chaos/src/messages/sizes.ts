import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Quantiles of the sizes of recorded messages; the file says of which. */
export const OWN_SIZES = join(__dirname, '..', '..', 'fixtures', 'message-sizes.csv');

interface Quantile {
  /** Of all messages, those that are no larger: 0 to 1. */
  readonly share: number;
  readonly bytes: number;
}

/** How large messages are: what was recorded, as a distribution. */
export class Sizes {
  /** @param quantiles by their shares, from 0 to 1 */
  constructor(private readonly quantiles: readonly Quantile[]) {
    if (quantiles.length === 0) throw new Error('no sizes: the file has no line with bytes');
  }

  get largest(): number {
    return this.quantiles[this.quantiles.length - 1]?.bytes ?? 0;
  }

  /** @param share of all messages that are no larger: 0 to 1 @returns bytes; between two quantiles on the line between their logarithms */
  at(share: number): number {
    let low = 0;
    let high = this.quantiles.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.quantiles[middle]?.share ?? 1) < share) low = middle + 1;
      else high = middle;
    }
    const above = this.quantiles[low];
    const below = this.quantiles[Math.max(0, low - 1)] ?? above;
    if (above === undefined || below === undefined) return 0;
    const part = above === below ? 1 : (share - below.share) / (above.share - below.share);
    const logs = [below.bytes, above.bytes].map((bytes) => Math.log(Math.max(1, bytes))) as [number, number];
    return Math.round(Math.exp(logs[0] + (logs[1] - logs[0]) * Math.min(1, Math.max(0, part))));
  }
}

/**
 * Sizes of a file of comma-separated values with a heading: a column `bytes` with one line for each recorded message, or, with a column `share`
 * too, one line for each quantile. Lines that begin with `#` say where they come from.
 * @throws Error that says what the file lacks
 */
export async function readSizes(file: string): Promise<Sizes> {
  return sizesOf(await readFile(file, 'utf8'), file);
}

export function sizesOf(text: string, name: string): Sizes {
  const [heading = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '' && line[0] !== '#');
  const columns = heading.trim().split(',');
  const bytesAt = columns.indexOf('bytes');
  const shareAt = columns.indexOf('share');
  if (bytesAt < 0) throw new Error(`${name} has no column "bytes": its heading is "${heading.trim()}"`);
  const number = (line: string, at: number): number => {
    const value = Number(line.trim().split(',')[at]);
    if (!(value >= 0)) throw new Error(`${name}: no number where one has to be, in the line "${line}"`);
    return value;
  };
  const sizes = lines.map((line) => number(line, bytesAt));
  if (shareAt >= 0)
    return new Sizes(lines.map((line, at) => ({ share: number(line, shareAt), bytes: sizes[at] ?? 0 })));
  sizes.sort((a, b) => a - b);
  return new Sizes(sizes.map((bytes, at) => ({ share: at / Math.max(1, sizes.length - 1), bytes })));
}
