/** What is assumed of two regions of which no latency is told, in milliseconds one way. */
export const ASSUMED_MS = { own: 1, sameArea: 30, elsewhere: 120 } as const;
/** Pairs of regions that one table may have. */
const MOST_PAIRS = 100_000;
const MOST_MS = 60_000;

/**
 * How far regions are from each other, in milliseconds. A latency that is told for one direction counts for the other too,
 * where that is not told itself. What is not told is assumed: less between regions whose names begin with the same word
 * (`eu-west`, `eu-central`) than between others. What is assumed only ranks, and promises nothing.
 */
export class Distances {
  private readonly told = new Map<string, number>();

  /** @param pairs as `parseDistances` reads them */
  constructor(pairs: readonly (readonly [from: string, to: string, ms: number])[] = []) {
    for (const [from, to, ms] of pairs) this.told.set(`${from} ${to}`, ms);
  }

  between(from: string, to: string): number {
    if (from === to) return this.told.get(`${from} ${to}`) ?? ASSUMED_MS.own;
    const told = this.told.get(`${from} ${to}`) ?? this.told.get(`${to} ${from}`);
    return told ?? (areaOf(from) === areaOf(to) ? ASSUMED_MS.sameArea : ASSUMED_MS.elsewhere);
  }
}

function areaOf(region: string): string {
  const end = region.search(/[-_]/);
  return end < 0 ? region : region.slice(0, end);
}

export type DistancePairs = [from: string, to: string, ms: number][];

/**
 * Reads a table of latencies: JSON `{ "eu-west": { "us-east": 80 } }`, or lines `from,to,ms` with an optional heading. Throws
 * an Error that lists what is wrong with it.
 */
export function parseDistances(text: string): DistancePairs {
  const rows = text.trimStart().startsWith('{') ? rowsOfJson(text) : rowsOfLines(text);
  const faults: string[] = [];
  const seen = new Set<string>();
  const pairs: DistancePairs = [];
  for (const { where, from, to, ms } of rows) {
    if (!isRegion(from) || !isRegion(to)) faults.push(`${where}: expected two regions`);
    else if (typeof ms !== 'number' || !(ms >= 0 && ms <= MOST_MS))
      faults.push(`${where}: expected milliseconds from 0 to ${MOST_MS}`);
    else if (seen.has(`${from} ${to}`)) faults.push(`${where}: ${from} to ${to} is told twice`);
    else {
      seen.add(`${from} ${to}`);
      pairs.push([from, to, ms]);
    }
  }
  if (pairs.length > MOST_PAIRS) faults.push(`${pairs.length} pairs: ${MOST_PAIRS} at most`);
  if (faults.length > 0)
    throw new Error(`no table of latencies between regions: ${faults.slice(0, 10).join('; ')}`);
  return pairs;
}

interface Row {
  where: string;
  from: unknown;
  to: unknown;
  ms: unknown;
}

function rowsOfJson(text: string): Row[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('no table of latencies between regions: not JSON');
  }
  return entriesOf(value).flatMap(([from, targets]): Row[] =>
    typeof targets === 'object' && targets !== null
      ? entriesOf(targets).map(([to, ms]) => ({ where: `${from}.${to}`, from, to, ms }))
      : [{ where: from, from, to: undefined, ms: targets }],
  );
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

const HEADING = /^from\s*,\s*to\b/i;

function rowsOfLines(text: string): Row[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (line.trim() === '' || line.startsWith('#') || (at === 0 && HEADING.test(line))) return [];
    const [from, to, ms = ''] = line.split(',').map((cell) => cell.trim());
    return [{ where: `line ${at + 1}`, from, to, ms: ms === '' ? undefined : Number(ms) }];
  });
}

const REGION = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

function isRegion(value: unknown): value is string {
  return typeof value === 'string' && REGION.test(value);
}
