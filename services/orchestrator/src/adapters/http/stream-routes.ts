import { MultiswarmError, StreamPosition, TaskId, TaskLogs, TaskLogsQuery } from '@multiswarm/contracts';
import { defineRoute, defineStreamRoute, sse, type Route, type SseStream } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import type { TaskStreams } from '../../application/task-streams';

const Params = z.object({ id: TaskId });
const errors = ['task-not-found', 'too-many-watchers', 'bus-unavailable', 'store-unavailable'] as const;
/** One look waits so long for something new. */
const WAIT_MS = 15_000;
const ITEMS = 100;

/** What running attempts say: log lines, parts of their output, progress. */
export function streamRoutes({ streams }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/tasks/:id/logs',
      summary:
        'What the attempts of a task have said, page by page; `waitMs` holds the answer until there is more',
      tags: ['tasks'],
      params: Params,
      query: TaskLogsQuery.omit({ id: true }),
      reply: TaskLogs,
      errors,
      handler: ({ params, query, signal, stopping }) =>
        streams.page({ ...params, ...query }, AbortSignal.any([signal, stopping])),
    }),
    defineStreamRoute({
      method: 'get',
      path: '/v1/tasks/:id/stream',
      summary:
        'The same as it is said (SSE), until the event `end`; `Last-Event-ID` goes on where a reader was',
      tags: ['tasks'],
      params: Params,
      query: TaskLogsQuery.pick({ attempt: true, after: true }),
      errors,
      handler: async (req, res, { params, query, signal }) => {
        const last = req.headers['last-event-id'];
        const after = last === undefined || last === '' ? query.after : positionIn(String(last));
        const asked = { ...params, attempt: query.attempt, limit: ITEMS };
        // What is refused is refused before the stream begins.
        const first = await streams.read({ ...asked, after, waitMs: 0 }, signal);
        const out = sse(res);
        await follow(streams, out, asked, first, signal).finally(() => out.end());
      },
    }),
  ];
}

/** No faster than it is read. */
async function follow(
  streams: TaskStreams,
  out: SseStream,
  asked: Omit<TaskLogsQuery, 'after' | 'waitMs'>,
  first: Awaited<ReturnType<TaskStreams['read']>>,
  signal: AbortSignal,
): Promise<void> {
  const over = AbortSignal.any([signal, out.ended]);
  for (let part = first; ;) {
    for (const { item, position } of part.items) {
      out.send({ event: item.kind, id: position, data: item });
      if (!(await out.room())) return;
    }
    if (part.ended) {
      out.send({ event: 'end', id: part.next, data: { state: part.state } });
      return;
    }
    part = await streams.read({ ...asked, after: part.next, waitMs: WAIT_MS }, over);
    if (over.aborted) return;
  }
}

function positionIn(header: string): string {
  const parsed = StreamPosition.safeParse(header);
  if (parsed.success) return parsed.data;
  const message = 'not an id of this stream: take the last one you received as it is';
  throw new MultiswarmError('invalid-request', `Last-Event-ID: ${message}`, {
    findings: [{ pointer: '/headers/last-event-id', code: 'event-id', message }],
  });
}
