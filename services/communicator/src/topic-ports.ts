import type { Topics } from '@multiswarm/bus';

/** Where events are published, and stored ones are read; see `Topics`. */
export type TopicLink = Pick<Topics, 'publish' | 'replay'>;
