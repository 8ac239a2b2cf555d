/** How data is printed on stdout. */
export const FORMATS = ['table', 'wide', 'json', 'jsonl', 'yaml', 'name'] as const;
export type Format = (typeof FORMATS)[number];

/** Formats that programs read: errors are machine-readable then, too. */
export function isForPrograms(format: string): boolean {
  return format === 'json' || format === 'jsonl';
}
