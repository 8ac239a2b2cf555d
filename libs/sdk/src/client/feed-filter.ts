import { EventsQuery, parseOrThrow } from '@multiswarm/contracts';
import type { FeedFilter } from './transport';
import type { EventsOptions } from './types';

/** @throws MultiswarmError `invalid-request` with every fault */
export function feedFilter({
  from,
  ...filter
}: Omit<EventsOptions, 'lastEventId' | 'signal' | 'onGap'>): FeedFilter {
  const instant = from instanceof Date ? from.toISOString() : from;
  return parseOrThrow(EventsQuery, { ...filter, ...(instant === undefined ? {} : { from: instant }) });
}
