/** How data is printed on stdout. */
export const FORMATS = ['table', 'wide', 'json', 'jsonl', 'yaml', 'name'] as const;
export type Format = (typeof FORMATS)[number];

/** Formats that programs read: errors are machine-readable then, too. */
export function isForPrograms(format: string): boolean {
  return format === 'json' || format === 'jsonl';
}

/** Formats of drawings, for the commands that draw. */
export const DRAWING_FORMATS = ['dot', 'mermaid'] as const;
export type DrawingFormat = (typeof DRAWING_FORMATS)[number];

export function isDrawing(format: string): format is DrawingFormat {
  return DRAWING_FORMATS.some((known) => known === format);
}
