/** Ids that an error message suggests. */
export const CLOSE_IDS = 5;
/** Ids that are looked at for it: a fleet of any size must not make a refusal expensive. */
export const CLOSE_IDS_SCANNED = 2_000;

/** Known ids that the asked one may have been meant to be, the closest first: typing errors, and the same beginning. */
export function closeIds(asked: string, known: readonly string[]): string[] {
  const reach = Math.max(2, Math.floor(asked.length / 3));
  return known
    .slice(0, CLOSE_IDS_SCANNED)
    .map((id) => ({ id, distance: distanceOf(asked, id) }))
    .filter(({ distance }) => distance <= reach)
    .sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1))
    .slice(0, CLOSE_IDS)
    .map(({ id }) => id);
}

/** One is the beginning of the other: as close as one typing error. */
function distanceOf(asked: string, id: string): number {
  const [a, b] = [asked.toLowerCase(), id.toLowerCase()];
  if (a !== b && (a.startsWith(b) || b.startsWith(a))) return 1;
  return editDistance(a, b);
}

/** Levenshtein distance, one row at a time. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
