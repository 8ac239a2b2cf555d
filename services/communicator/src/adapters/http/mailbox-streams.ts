import {
  asMultiswarmError,
  Credits,
  LIMITS,
  MailboxFrame,
  MultiswarmError,
  Namespace,
  parse,
  summarize,
  SwarmId,
} from '@multiswarm/contracts';
import {
  assertOwnOrigin,
  defineSocketRoute,
  defineStreamRoute,
  sse,
  type Route,
  type SocketStream,
} from '@multiswarm/service';
import { z } from 'zod';
import type { MailboxFeed, Outlet } from '../../application/mailbox-feed';
import type { MailboxConnections } from './mailbox-connections';

const Asked = {
  tags: ['mailboxes'],
  params: z.object({ name: SwarmId }),
  query: z.strictObject({
    namespace: Namespace.default('default'),
    credits: Credits.default(LIMITS.MAIL_CREDITS_BY_DEFAULT).describe(
      'messages that are not settled, at the same time',
    ),
  }),
  errors: [
    'too-many-watchers',
    'mailbox-full',
    'mailbox-unavailable',
    'bus-unavailable',
    'origin-not-allowed',
  ] as const,
};

/** Mailboxes carried to their readers: as server-sent events, which are settled by POST, and over WebSockets. */
export function mailboxStreamRoutes(connections: MailboxConnections): Route[] {
  return [eventsRoute(connections), socketRoute(connections)];
}

function eventsRoute(connections: MailboxConnections): Route {
  return defineStreamRoute({
    ...Asked,
    method: 'get',
    path: '/v1/mailboxes/:name/events',
    summary: 'Messages of a mailbox as they come (SSE); they are settled by POST',
    description:
      'The first event is `open`, with the `reader` to settle by; then `message`, with `seq` and `message`. No more than `credits` are ' +
      'handed over that are not settled. What is neither acknowledged nor extended within `ackWaitMs` comes again, and all of it once the stream ends.',
    handler: async (request, response, input) => {
      assertOwnOrigin(input);
      const { params, query } = input;
      const { about, run } = await connections.begin({ mailbox: params.name, ...query });
      const out = sse(response);
      out.send({ event: 'open', data: about });
      await run({
        send: (delivery) => out.send({ event: 'message', data: delivery }),
        room: () => out.room(),
        trouble: (error) => void out.comment(`${error.code}: ${error.message}`),
        ended: out.ended,
      });
      out.end();
    },
  });
}

function socketRoute(connections: MailboxConnections): Route {
  return defineSocketRoute({
    ...Asked,
    path: '/v1/mailboxes/:name/socket',
    summary: 'Messages of a mailbox as they come, and what becomes of them, over a WebSocket',
    description: 'docs/messages-over-http.md has the frames.',
    open: async ({ params, query }) => {
      const { about, feed, run } = await connections.begin({ mailbox: params.name, ...query });
      return (socket) => {
        socket.send({ type: 'open', ...about });
        return { take: (text) => takeFrame(text, feed, socket), run: () => run(outletOf(socket)) };
      };
    },
  });
}

function outletOf(socket: SocketStream): Outlet {
  return {
    send: (delivery) => socket.send({ type: 'message', ...delivery }),
    room: () => socket.room(),
    trouble: (error) => void socket.send(errorFrame(error, undefined)),
    ended: socket.ended,
  };
}

/** Whatever is wrong with a frame is told, and changes nothing. */
async function takeFrame(text: string, feed: MailboxFeed, socket: SocketStream): Promise<void> {
  let id: unknown;
  try {
    const value = jsonOf(text);
    id = idOf(value);
    const parsed = parse(MailboxFrame, value);
    if (!parsed.ok)
      throw new MultiswarmError('invalid-request', summarize(parsed.findings), { findings: parsed.findings });
    socket.send({ ...(await answer(parsed.value, feed)), ...(id === undefined ? {} : { id }) });
  } catch (error) {
    socket.send(errorFrame(asMultiswarmError(error), id));
  }
  await socket.room(); // who does not read its answers is not read either
}

async function answer(frame: MailboxFrame, feed: MailboxFeed): Promise<object> {
  switch (frame.type) {
    case 'ack':
      return settled(await feed.settle({ acks: frame.seqs }));
    case 'extend':
      return settled(await feed.settle({ extended: frame.seqs }));
    case 'release':
      return settled(await feed.settle({ released: frame.seqs }));
    case 'nak':
      return settled(await feed.settle({ naks: frame.naks }));
    case 'credits':
      feed.allow(frame.credits);
      return { type: 'credits', credits: frame.credits };
    case 'ping':
      return { type: 'pong' };
  }
}

function settled({ unknown }: { unknown: number[] }): object {
  return { type: 'settled', unknown };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MultiswarmError('invalid-json', 'a frame is one JSON object, and this is no JSON', { cause });
  }
}

/** Also of a frame that is none: its sender finds out which one it was. */
function idOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  const short =
    typeof value.id === 'number' || (typeof value.id === 'string' && value.id.length <= LIMITS.NAME_CHARS);
  return short ? value.id : undefined;
}

function errorFrame({ code, message, retryable, findings }: MultiswarmError, id: unknown): object {
  return {
    type: 'error',
    ...{ code, detail: message, retryable },
    ...(findings.length === 0 ? {} : { errors: findings }),
    ...(id === undefined ? {} : { id }),
  };
}
