import type { Event, EventPage, HistoryQuery } from '@multiswarm/contracts';

/** What is asked for of a history, cut to what is allowed; at least one event, so that whoever goes on comes to the end. */
export function historyPage(
  events: readonly Event[],
  { after = 0, limit = Infinity }: HistoryQuery,
  mostBytes: number,
): EventPage {
  const items: Event[] = [];
  let bytes = 0;
  for (const event of events) {
    if (event.seq <= after) continue;
    bytes += mostBytes === Infinity ? 0 : Buffer.byteLength(JSON.stringify(event)) + 1;
    const isFull = items.length >= limit || bytes > mostBytes;
    if (isFull && items.length > 0) return { items, next: String(items.at(-1)?.seq) };
    items.push(event);
  }
  return { items, next: null };
}
