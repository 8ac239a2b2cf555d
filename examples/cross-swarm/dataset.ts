/** One partition of a table, as a worker has summed it up. */
export interface Part {
  rows: number;
  sums: Record<string, number>;
}

/**
 * Sums the last column of a CSV text by its first, over every row whose number is `part` modulo `parts`.
 * @throws Error where a row has no number at its end
 */
export function sumPart(csv: string, part: number, parts: number): Part {
  const [, ...rows] = csv.trim().split(/\r?\n/);
  const own = rows.filter((_, index) => index % parts === part);
  const sums: Record<string, number> = {};
  for (const row of own) {
    const cells = row.split(',');
    const key = cells[0] ?? '';
    const value = Number(cells.at(-1) ?? NaN);
    if (Number.isNaN(value)) throw new Error(`the row "${row}" does not end with a number`);
    sums[key] = (sums[key] ?? 0) + value;
  }
  return { rows: own.length, sums };
}

/** The parts as one. */
export function merge(parts: readonly Part[]): Part {
  const sums: Record<string, number> = {};
  for (const each of parts)
    for (const [key, value] of Object.entries(each.sums)) sums[key] = (sums[key] ?? 0) + value;
  return { rows: parts.reduce((sum, { rows }) => sum + rows, 0), sums };
}
