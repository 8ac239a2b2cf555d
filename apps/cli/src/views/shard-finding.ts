import type { Finding } from '../doctor/deep-check';
import type { View } from '../output/printer';

export const findingView: View<Finding> = {
  name: ({ of }) => of,
  none: '',
  columns: ({ color }) => [
    { header: 'SHARD', value: ({ shard }) => String(shard), align: 'right' },
    { header: 'KIND', value: ({ kind }) => kind },
    { header: 'OF', value: ({ of }) => of },
    { header: 'EXPECTED', value: ({ expected }) => expected },
    { header: 'FOUND', value: ({ found }) => color.red(found) },
    { header: 'REPAIR', value: ({ repaired, remedy }) => (repaired ? color.green('done') : remedy) },
    { header: 'WHERE', value: ({ where }) => where, wide: true },
  ],
};
