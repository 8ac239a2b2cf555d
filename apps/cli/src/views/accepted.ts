import type { Accepted } from '@multiswarm/contracts';
import { paintState } from '../output/paint';
import type { View } from '../output/printer';

export const acceptedView: View<Pick<Accepted, 'id' | 'state'>> = {
  name: ({ id }) => id,
  none: '',
  columns: ({ color }) => [
    { header: 'ID', value: ({ id }) => id },
    { header: 'STATE', value: ({ state }) => paintState(color, state) },
  ],
};
