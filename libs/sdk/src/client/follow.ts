import type { Event } from '@multiswarm/contracts';
import { EventQueue } from './event-queue';
import type { Port } from './port';

export interface FollowSource {
  port: Port;
  root: string;
  /** What has happened behind the event with this number. */
  history: (after: number) => Promise<Event[]>;
  isLast: (event: Event) => boolean;
  signal: AbortSignal | undefined;
}

/** Without a live event for this long the history is read again: live events may be lost, history is not. */
const QUIET_MS = 5_000;

/**
 * The history of one root, then what follows, until its end.
 *
 * F1. Every event comes once and in the order of `seq`. F2. A live event is passed on only if it is the very next one; in
 * all other cases the history, which has no gaps, is read again.
 */
export async function* follow({
  port,
  root,
  history,
  isLast,
  signal,
}: FollowSource): AsyncGenerator<Event, void, undefined> {
  const queue = new EventQueue(port.clock);
  const feed = port.transport.openFeed({ root }, undefined, queue);
  try {
    // Without live events it goes on by reading the history.
    await feed.opened.catch(() => undefined);
    let last = 0;
    let next = await history(0);
    for (;;) {
      for (const event of next) {
        if (event.seq <= last) continue;
        last = event.seq;
        yield event;
        if (isLast(event) && !isReopened(event, next)) return;
      }
      const item = await queue.next(signal, QUIET_MS);
      if (item.kind !== 'event') next = await history(last);
      else if (item.event.seq <= last) next = [];
      else next = item.event.seq === last + 1 ? [withoutId(item.event)] : await history(last);
    }
  } finally {
    feed.close();
  }
}

/** Somebody has retried the task after that end. */
function isReopened(end: Event, events: readonly Event[]): boolean {
  return events.some(
    ({ type, seq, taskId }) => type === 'task.retried' && seq > end.seq && taskId === end.taskId,
  );
}

function withoutId({ id: _id, ...event }: Event & { id?: string }): Event {
  return event;
}
