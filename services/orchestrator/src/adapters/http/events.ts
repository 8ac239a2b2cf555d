import { EventsQuery, MultiswarmError, shardOf } from '@multiswarm/contracts';
import { defineStreamRoute, sse, type Route } from '@multiswarm/service';
import type { Logger } from '@multiswarm/telemetry';
import { parsePosition, type Position } from '../../application/event-feed';
import { sharedLook } from './event-beginning';
import { EventSession, type SessionParts } from './event-session';

export interface EventRouteParts extends Omit<SessionParts, 'look'> {
  shards: number;
  logger: Logger;
}

/**
 * `GET /v1/events`: live events, from an instant on, or from after `Last-Event-ID`. What cannot be sent any more is an explicit
 * `gap` event, never a silent hole.
 */
export function eventRoute(parts: EventRouteParts): Route {
  const session: SessionParts = { ...parts, look: sharedLook(parts.bus, parts.clock) };
  return defineStreamRoute({
    method: 'get',
    path: '/v1/events',
    summary:
      'Events as they happen (SSE); `Last-Event-ID` replays, `from` begins at an instant, `follow=false` ends',
    tags: ['events'],
    query: EventsQuery,
    errors: ['bus-unavailable'],
    handler: async (req, res, { query }) => {
      const after = positionOf(req.headers['last-event-id']);
      const shard = shardWanted(query, parts.shards);
      let isOpen = false;
      const answer = () => {
        isOpen = true;
        return sse(res);
      };
      await EventSession.run(session, { query, shard, after }, answer).catch((error: unknown) => {
        if (!isOpen) throw error;
        parts.logger.warn('an event stream broke off', { error });
      });
    },
  });
}

/** The shard whose events alone can be wanted; undefined: all. */
function shardWanted({ root, shard }: EventsQuery, shards: number): number | undefined {
  if (shard !== undefined && shard >= shards)
    throw refused('/query/shard', 'shard', `there are ${shards} shards: 0 to ${shards - 1}`);
  if (root === undefined) return shard;
  const ofRoot = shardOf(root, shards);
  if (ofRoot === undefined)
    throw refused('/query/root', 'shard', `"${root}" is of no shard of this deployment`);
  if (shard !== undefined && shard !== ofRoot)
    throw refused('/query/shard', 'shard', `"${root}" is of shard ${ofRoot}: leave one of the two out`);
  return ofRoot;
}

function positionOf(header: string | string[] | undefined): Position | undefined {
  if (header === undefined || header === '') return undefined;
  const position = parsePosition(String(header));
  if (position) return position;
  const message = 'not an id of this stream: take the last one you received as it is';
  throw refused('/headers/last-event-id', 'event-id', message, 'Last-Event-ID: ');
}

function refused(pointer: string, code: string, message: string, prefix = ''): MultiswarmError {
  return new MultiswarmError('invalid-request', `${prefix}${message}`, {
    findings: [{ pointer, code, message }],
  });
}
