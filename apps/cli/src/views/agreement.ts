import type { Barrier, Lease } from '@multiswarm/contracts';
import type { View } from '../output/printer';
import { inTime } from './offer';

export const leaseView: View<Lease> = {
  name: ({ name }) => name,
  none: 'no lease',
  columns: ({ now }) => [
    { header: 'LEASE', value: ({ name }) => name },
    { header: 'STATE', value: ({ state }) => state },
    { header: 'HOLDER', value: ({ holder }) => holder ?? '-' },
    { header: 'TOKEN', value: ({ token }) => String(token ?? '-'), align: 'right' },
    {
      header: 'ENDS',
      value: ({ expiresAt }) => (expiresAt === undefined ? '-' : inTime(expiresAt, now)),
      align: 'right',
    },
  ],
};

export const barrierView: View<Barrier> = {
  name: ({ name }) => name,
  none: 'no barrier',
  columns: () => [
    { header: 'BARRIER', value: ({ name }) => name },
    { header: 'ROUND', value: ({ round }) => String(round), align: 'right' },
    { header: 'ARRIVED', value: ({ arrived, parties }) => `${arrived.length}/${parties}`, align: 'right' },
    { header: 'WHO', value: ({ arrived }) => arrived.join(',') || '-' },
  ],
};
