import type { TaskCounts } from '@multiswarm/contracts';
import { paintState } from '../output/paint';
import type { View } from '../output/printer';

type Group = TaskCounts['groups'][number];

/** Tasks by group. @param by as it was asked for, such as `state` or `label:customer` */
export function taskCountView(by: string): View<Group> {
  return {
    name: ({ value }) => value ?? '',
    none: 'no tasks',
    columns: ({ color }) => [
      {
        header: by.toUpperCase(),
        value: ({ value }) =>
          value !== null && by === 'state' ? paintState(color, value) : (value ?? '(none)'),
      },
      { header: 'TASKS', value: ({ count }) => String(count), align: 'right' },
    ],
  };
}
