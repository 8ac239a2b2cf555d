import {
  LIMITS,
  Namespace,
  PublishedEvent,
  PublishEvent,
  Topic,
  TopicPattern,
  TopicStart,
} from '@multiswarm/contracts';
import { defineRoute, defineStreamRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { TopicDesk } from '../../application/topic-desk';
import { lastRevision } from './revisions';
import type { Watching } from './watching';

const tags = ['topics'];
/** The data, with what is around it. */
const BODY_BYTES = LIMITS.MESSAGE_BYTES + 4_096;

/** Topics over HTTP: the sequence of a stored event is its id in the stream of server-sent events. */
export function topicRoutes(desk: TopicDesk, watching: Watching): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/topics/:topic',
      summary: 'Publish an event on a topic',
      description:
        'At least once (the default) it is stored when this is answered; at most once whoever listens now hears it. ' +
        'After an error it may have been published: publish it again under the same `id`.',
      tags,
      params: z.object({ topic: Topic }),
      body: PublishEvent.omit({ topic: true }),
      bodyLimitBytes: BODY_BYTES,
      reply: PublishedEvent,
      status: 202,
      errors: ['feature-not-available', 'body-too-large', 'bus-unavailable', 'timeout'],
      handler: async ({ params, body, traceparent }) => {
        const published = await desk.publish({ ...params, ...body }, traceparent);
        return { status: 202, headers: {}, body: published };
      },
    }),
    defineStreamRoute({
      method: 'get',
      path: '/v1/topics/:pattern/events',
      summary: 'Stored events of a topic or a pattern (SSE): from a point on, in order, then what comes',
      description:
        'The pattern may be `orders.*` or `%3E` for all. `from` is `new` (the default), a sequence, or an instant. `Last-Event-ID` goes on ' +
        'behind that event; an event `gap` comes first where the oldest that is kept lies behind it. What was published at most once is not stored, and does not come.',
      tags,
      params: z.object({ pattern: TopicPattern }),
      query: z.strictObject({ namespace: Namespace.default('default'), from: TopicStart.default('new') }),
      errors: ['too-many-watchers', 'bus-unavailable'],
      handler: async (request, response, { params, query: { namespace, from } }) => {
        const after = lastRevision(request.headers);
        const start = after === undefined ? from : after + 1;
        await watching.stream(
          response,
          async () => {
            const { events, gap, close } = await desk.read({ ...params, namespace, start });
            return { entries: withGap(events, gap), close };
          },
          (entry) =>
            entry === 'gap' ? { event: 'gap', data: {} } : { event: 'event', id: entry.seq, data: entry },
        );
      },
    }),
  ];
}

async function* withGap<T>(events: AsyncIterable<T>, gap: boolean): AsyncGenerator<T | 'gap'> {
  if (gap) yield 'gap';
  yield* events;
}
