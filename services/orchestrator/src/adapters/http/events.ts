import { readStream, streamRange, type Bus } from '@multiswarm/bus';
import { EventBatch, EventsQuery, MultiswarmError, streams, type Event } from '@multiswarm/contracts';
import { defineStreamRoute, sse, type Route } from '@multiswarm/service';
import type { Logger } from '@multiswarm/telemetry';

interface Position {
  seq: number;
  index: number;
}

/**
 * `GET /v1/events`: live events, or from after `Last-Event-ID` on. An id is `<sequence in the stream>-<index in the
 * commit>`. A range that the stream has dropped already is an explicit `gap` event, never a silent hole.
 */
export function eventRoute(bus: Bus, logger: Logger): Route {
  return defineStreamRoute({
    method: 'get',
    path: '/v1/events',
    summary: 'Events as they happen (SSE); `Last-Event-ID` replays',
    tags: ['events'],
    query: EventsQuery,
    handler: async (req, res, { query }) => {
      const after = parseId(req.headers['last-event-id']);
      const range = await streamRange(bus.connection, streams.events);
      // The stream was made anew since: what the reader has seen, and whatever it missed, is gone with the old one.
      const lost = after !== undefined && after.seq > range.lastSeq;
      const start = after && !lost ? Math.max(after.seq, range.firstSeq) : range.lastSeq + 1;
      const { messages, close } = await readStream(bus.connection, streams.events, start);
      const newest = new Map<number, number>();
      const out = sse(res);
      out.ended.addEventListener('abort', close, { once: true });
      if (after && after.seq + 1 < range.firstSeq)
        out.send({ event: 'gap', data: { from: after.seq + 1, to: range.firstSeq - 1 } });
      if (lost) out.send({ event: 'gap', data: { from: after.seq + 1, to: null } });
      try {
        for await (const { seq, text } of messages) {
          const batch = batchIn(text);
          if (!batch || batch.batchSeq <= (newest.get(batch.shard) ?? 0)) continue;
          newest.set(batch.shard, batch.batchSeq); // what the relay hands over a second time is dropped
          const from = after?.seq === seq ? after.index + 1 : 0;
          for (const [index, event] of batch.events.entries()) {
            if (index >= from && wanted(event, query))
              out.send({ event: event.type, id: `${seq}-${index}`, data: event });
          }
          if (out.ended.aborted) break;
        }
      } catch (error) {
        logger.warn('an event stream broke off', { error });
      } finally {
        close();
        out.end();
      }
    },
  });
}

/** Undefined for what is none of ours: a reader that broke off at it would come back to it for ever. */
function batchIn(text: string): EventBatch | undefined {
  try {
    return EventBatch.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function parseId(header: string | string[] | undefined): Position | undefined {
  if (header === undefined || header === '') return undefined;
  const match = /^(\d{1,15})-(\d{1,9})$/.exec(String(header));
  if (!match) {
    const message = 'not an id of this stream: take the last one you received as it is';
    throw new MultiswarmError('invalid-request', `Last-Event-ID: ${message}`, {
      findings: [{ pointer: '/headers/last-event-id', code: 'event-id', message }],
    });
  }
  return { seq: Number(match[1]), index: Number(match[2]) };
}

function wanted(event: Event, query: EventsQuery): boolean {
  const { root, type } = query;
  if (root !== undefined && event.root !== root && event.taskId !== root) return false;
  if (type === undefined) return true;
  return type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type;
}
