import type { PayloadCheck, PayloadFault } from '@multiswarm/contracts';
import { formatBytes } from '../output/bytes';
import { formatMs } from '../output/durations';
import type { View, ViewContext } from '../output/printer';
import { alignRows, renderTable, type Column } from '../output/table';

export const payloadCheckView: View<PayloadCheck> = {
  name: ({ items }) => items.map(({ payload }) => payload).join('\n'),
  none: '',
  columns: () => [{ header: 'PAYLOADS', value: ({ payloads }) => String(payloads) }],
  detail,
};

function detail(check: PayloadCheck, _context: ViewContext): string {
  const { payloads, bytes, references, graceMs, counts, repaired, items } = check;
  const found = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`);
  const summary = alignRows([
    ['stored', `${payloads} payloads, ${formatBytes(bytes)}`],
    ['referred to', `${references} times`],
    ['grace', formatMs(graceMs)],
    ['faults', found.length === 0 ? 'none' : found.join(', ')],
    ...(repaired > 0 ? [['repaired', String(repaired)]] : []),
  ]);
  return items.length === 0 ? summary : `${summary}\n${renderTable(columns, items, false)}`;
}

const columns: Column<PayloadFault>[] = [
  { header: 'FAULT', value: ({ kind }) => kind },
  { header: 'PAYLOAD', value: ({ payload }) => payload },
  { header: 'TASK', value: ({ taskId = '' }) => taskId },
  { header: 'SIZE', value: ({ bytes }) => (bytes === undefined ? '' : formatBytes(bytes)) },
  { header: 'AGE', value: ({ ageMs }) => (ageMs === undefined ? '' : formatMs(ageMs)) },
  { header: 'NOTE', value: ({ repaired, note = '' }) => (repaired ? 'removed' : note) },
];
