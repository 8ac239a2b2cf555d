import type { Bus } from '@multiswarm/bus';
import type { Accepted } from '../invariants/accepted';
import { setTimeout as delay } from 'node:timers/promises';
import { headers as newHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import {
  ControlReply,
  ERRORS,
  subjects,
  type DispatchReply,
  type DispatchRequest,
} from '@multiswarm/contracts';
import type { Runs } from '../invariants/runs';
import type { System } from '../stack/system';
import { natsRequests, type NatsRequest } from './nats-requests';
import type { Listened } from './recording-bus';
import { HARMLESS, type Targets } from './target';

/** Longer than anything that is answered in its time. A long poll may be held for as long as it was asked to. */
const PATIENCE_MS = 20_000;
const POLL_MS = 150;
const HEADER_BYTES = 16_384;
const MOVING_MS = 10_000;
const MOVING_POLL_MS = 50;

/** Every subject of the table: those that answer, and those that only listen. */
export function natsTargets(
  { bus, known }: System,
  table: readonly Listened[],
  accepted: Accepted,
  runs: Runs,
): Targets<NatsRequest> {
  const targets = table.map((listened) => {
    const harmless: NatsRequest[] = [];
    const send = async (request: NatsRequest): Promise<string | undefined> => {
      const isDispatch = listened.subject === subjects.swarmTasks(known.actor);
      if (isDispatch) await uncordon(bus, known.actor);
      const { fault, text } = listened.answers ? await ask(bus, request) : await say(bus, request);
      if (fault !== undefined) return fault;
      const isRefused = listened.answers ? text.startsWith('{"error"') : failsSchema(listened, request);
      if (isRefused && harmless.length < HARMLESS) harmless.push(request);
      if (isDispatch) return takenIn(request, text, runs);
      if (text.startsWith('{"ok"')) accepted.note(text);
      return undefined;
    };
    const name = [known.replica, known.balancer, known.communicator].reduce(
      (text, replica) => text.replace(replica, 'REPLICA'),
      listened.subject,
    );
    return { name, requests: natsRequests(listened, known), harmless, send };
  });
  return { targets, close: () => undefined };
}

/** What nobody answers to is refused for certain only where it fails its schema; the rest may have been taken. */
function failsSchema({ schema }: Listened, { payload }: Pick<NatsRequest, 'payload'>): boolean {
  try {
    return !schema.safeParse(JSON.parse(new TextDecoder().decode(payload.bytes()))).success;
  } catch {
    return true;
  }
}

/** What was said to it before, on another subject, may have cordoned it: then it takes nothing, whatever it is. */
async function uncordon(bus: Bus, swarm: string): Promise<void> {
  const control = { v: 1, kind: 'uncordon', reason: 'there is more to come' };
  await bus.request(subjects.swarmControl(swarm), control, { reply: ControlReply });
}

async function say({ connection }: Bus, request: NatsRequest): Promise<Answer> {
  const bytes = fitting(connection, request);
  if (bytes) connection.publish(request.subject, bytes, { headers: headersOf(request.headers) });
  await connection.flush();
  return { fault: undefined, text: '' };
}

/** What a swarm may take, by what was sent and what it has answered. */
function takenIn({ payload }: NatsRequest, text: string, runs: Runs): string | undefined {
  const { ok } = JSON.parse(text) as { ok?: DispatchReply };
  if (!ok) return undefined;
  // It was taken as a dispatch; the swarm decodes it like this, too, without a byte order mark.
  const request = JSON.parse(new TextDecoder().decode(payload.bytes())) as DispatchRequest;
  return runs.answered(request, ok.outcomes);
}

interface Answer {
  fault: string | undefined;
  /** Empty where there is none. */
  text: string;
}

async function ask({ connection }: Bus, request: NatsRequest): Promise<Answer> {
  const bytes = fitting(connection, request);
  if (!bytes) return { fault: undefined, text: '{}' };
  const isPoll = bytes.includes('"waitMs"');
  try {
    const options = { timeout: isPoll ? POLL_MS : PATIENCE_MS, headers: headersOf(request.headers) };
    const text = await answerTo(request.subject, () => connection.request(request.subject, bytes, options));
    return { fault: faultOf(text), text };
  } catch (error) {
    return { fault: isPoll ? undefined : `no answer: ${String(error)}`, text: '{}' };
  }
}

/** A shard that is given up and taken anew, as a valid request may ask for, is answered for again before long. */
async function answerTo(subject: string, send: () => Promise<Msg>): Promise<string> {
  const until = Date.now() + MOVING_MS;
  for (;;) {
    try {
      return (await send()).string();
    } catch (error) {
      const isMoving = subject.startsWith('ms.v1.shard.') && String(error).includes('no responders');
      if (!isMoving || Date.now() > until) throw error;
      await delay(MOVING_POLL_MS);
    }
  }
}

/** Undefined where the client of NATS itself refuses to send so much. */
function fitting({ info }: Bus['connection'], { payload }: NatsRequest): Buffer | undefined {
  const bytes = payload.bytes();
  return bytes.length + HEADER_BYTES > (info?.max_payload ?? 0) ? undefined : bytes;
}

function headersOf(given: Readonly<Record<string, string>>): MsgHdrs {
  const headers = newHeaders();
  for (const [name, value] of Object.entries(given))
    headers.set(name, value.replaceAll(/[^\x20-\x7e]/g, '?'));
  return headers;
}

/** What a caller cannot be blamed for. */
const OURS = new Set([
  'internal',
  'store-unavailable',
  'bus-unavailable',
  'timeout',
  'not-ready',
  'shutting-down',
]);

function faultOf(text: string): string | undefined {
  const shown = text.slice(0, 400);
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch {
    return `no JSON: ${shown}`;
  }
  if (typeof reply !== 'object' || reply === null) return `no envelope: ${shown}`;
  if ('ok' in reply) return undefined;
  if (!('error' in reply)) return `no envelope: ${shown}`;
  const { code } = reply.error as { code: string };
  // Who asks for a workflow that was never handed over is told that it did not come in time.
  if (text.includes('was not handed over')) return undefined;
  return OURS.has(code) || !(code in ERRORS) ? shown : undefined;
}
