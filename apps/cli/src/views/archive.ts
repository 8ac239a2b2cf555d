import type { End } from '../archive/format';
import type { View } from '../output/printer';
import { alignRows } from '../output/table';

export interface ArchiveResult {
  files: (End & { file: string })[];
  /** False where it was interrupted, and can be gone on with. */
  complete: boolean;
  /** Some of the roots of which events are missing. */
  holes: readonly string[];
}

export const archiveResultView: View<ArchiveResult> = {
  name: ({ files }) => files.map(({ file }) => file).join('\n'),
  none: '',
  columns: () => [],
  detail: ({ files, holes }) =>
    files.map((file) => archiveText(file)).join('') +
    (holes.length === 0 ? '' : `events are missing of: ${holes.join(', ')}\n`),
};

/** One archive in a few lines. */
export function archiveText({ file, ...end }: End & { file: string }): string {
  const { events, recovered, gaps, roots, holes, first, last } = end;
  const rows: [string, string][] = [
    ['events', `${events}${recovered === 0 ? '' : `, ${recovered} of them from histories`}`],
    ['of', `${roots} tasks and workflows${holes === 0 ? ', none with a hole' : `, ${holes} with a hole`}`],
    ['gaps', gaps === 0 ? 'none' : String(gaps)],
    ['time', first === undefined ? '-' : `${first} to ${last ?? first}`],
  ];
  return `${file}\n${alignRows(rows, { indent: '  ' })}`;
}
