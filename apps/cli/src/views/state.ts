import type { StateBucketView, StateEntry } from '@multiswarm/contracts';
import { shortDuration } from '../output/durations';
import type { View } from '../output/printer';

export const stateEntryView: View<StateEntry> = {
  name: ({ key }) => key,
  none: 'nothing was ever written there',
  columns: () => [
    { header: 'KEY', value: ({ key }) => key },
    { header: 'REVISION', value: ({ revision }) => String(revision), align: 'right' },
    { header: 'AT', value: ({ at }) => at },
    { header: 'VALUE', value: ({ deleted, value }) => (deleted ? '(deleted)' : JSON.stringify(value)) },
  ],
};

export const stateBucketView: View<StateBucketView> = {
  name: ({ bucket }) => bucket,
  none: 'nobody has shared anything yet: "swarmctl state put" makes a bucket',
  columns: () => [
    { header: 'BUCKET', value: ({ bucket }) => bucket },
    { header: 'KEYS', value: ({ keys }) => String(keys), align: 'right' },
    { header: 'BYTES', value: ({ bytes }) => String(bytes), align: 'right' },
    { header: 'HISTORY', value: ({ history }) => String(history), align: 'right' },
    { header: 'TTL', value: ({ ttlMs }) => (ttlMs === undefined ? '-' : shortDuration(ttlMs)) },
    { header: 'REPLICAS', value: ({ replicas }) => String(replicas), align: 'right' },
    { header: 'REVISION', value: ({ revision }) => String(revision), align: 'right', wide: true },
  ],
};

export const stateKeyView: View<string> = {
  name: (key) => key,
  data: (key) => ({ key }),
  none: 'the bucket has no such key',
  columns: () => [{ header: 'KEY', value: (key) => key }],
};
