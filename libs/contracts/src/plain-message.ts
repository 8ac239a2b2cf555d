import { parseOrThrow } from './findings';
import { type Message, MessageSubmission, type Qos } from './message';
import { isName, isToken } from './names';
import { hasOnly, isJson, isPlainObject } from './plain-submission';
import { PRIORITIES, type Priority } from './task';

type Fields = Readonly<Record<string, unknown>>;

const PLAIN_FIELDS: ReadonlySet<string> = new Set<keyof MessageSubmission>([
  'from',
  'to',
  'kind',
  'data',
  'namespace',
  'priority',
  'qos',
  'conversation',
]);
/** Deeper ones are left to zod, which has a word for what is too deep. */
const PLAIN_DEPTH = 16;
const PRIORITY_NAMES: ReadonlySet<unknown> = new Set(PRIORITIES);
const QOS_NAMES: ReadonlySet<unknown> = new Set<Qos>(['at-most-once', 'at-least-once', 'exactly-once']);
const CONVERSATION = /^[\x21-\x7e]{1,128}$/;

/**
 * A message as it is handed in, checked and with its defaults. What most look like is read by hand; zod, which takes many times as
 * long, reads everything else, and lists what is wrong.
 * @throws MultiswarmError `invalid-request` with every finding
 */
export function parseMessage(given: unknown): MessageSubmission {
  return plainMessage(given) ?? parseOrThrow(MessageSubmission, given);
}

/** Who sends it, and of which kind it is: what a sender says of each of its messages. */
export interface Sender {
  from: string;
  namespace: string;
  kind: string;
}

/**
 * The same of a message that its sender has not put together yet.
 * @param sender takes the place of what the message says; names that were checked before
 * @throws MultiswarmError `invalid-request` with every finding
 */
export function parseOutgoing(message: object, sender: Sender): MessageSubmission {
  return plainOutgoing(message, sender) ?? parseOrThrow(MessageSubmission, { ...message, ...sender });
}

export function plainOutgoing(message: unknown, sender: Sender): MessageSubmission | undefined {
  return isPlainObject(message) && hasOnly(message, PLAIN_FIELDS) ? plainFields(message, sender) : undefined;
}

/** Exactly what `MessageSubmission` makes of it, or undefined where it is not plain: that says nothing about its being valid. */
export function plainMessage(given: unknown): MessageSubmission | undefined {
  if (!isPlainObject(given) || !hasOnly(given, PLAIN_FIELDS)) return undefined;
  const { from, namespace = 'default', kind } = given;
  if (!isToken(from) || !isToken(namespace) || typeof kind !== 'string') return undefined;
  return plainFields(given, { from, namespace, kind });
}

function plainFields(given: Fields, { from, namespace, kind }: Sender): MessageSubmission | undefined {
  const { to, data = {}, priority = 'normal', qos = 'at-most-once', conversation } = given;
  if (!(to === '*' || isToken(to)) || !isName(kind)) return undefined;
  if (!PRIORITY_NAMES.has(priority) || !QOS_NAMES.has(qos) || !isJson(data, PLAIN_DEPTH)) return undefined;
  const plain = { from, to, kind, data, namespace, priority: priority as Priority, qos: qos as Qos };
  if (conversation === undefined) return plain;
  if (typeof conversation !== 'string' || !CONVERSATION.test(conversation)) return undefined;
  return { ...plain, conversation };
}

const INSTANT = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const TIMES = ['expiresAt', 'deliverAt'] as const;
const TEXTS = ['conversation', 'correlationId', 'traceparent'] as const;
/** Every month has them. */
const SURE_DAYS = 28;

/** With milliseconds, as they are printed here; other instants are left to zod. */
function isInstant(value: unknown): boolean {
  if (typeof value !== 'string' || !INSTANT.test(value)) return false;
  const [year, month, day] = [value.slice(0, 4), value.slice(5, 7), value.slice(8, 10)].map(Number);
  // The day 0 of a month is the last one of the month before.
  return (
    Number(day) <= SURE_DAYS || Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  );
}

/** A message that has come, its data being JSON already. @returns the same; undefined where zod has to look at it */
export function plainReceived(given: Fields & { data: unknown }): Message | undefined {
  const { id, kind, namespace, to, from, sentAt, replyTo } = given;
  if (typeof id !== 'string' || id === '' || !isName(kind) || !isToken(namespace) || !isToken(from))
    return undefined;
  if (typeof to !== 'string' || !isInstant(sentAt)) return undefined;
  if (replyTo !== undefined && !isToken(replyTo)) return undefined;
  if (given['dataRef'] !== undefined) return undefined;
  for (const name of TIMES) {
    const time = given[name];
    if (time !== undefined && !isInstant(time)) return undefined;
  }
  for (const name of TEXTS) {
    const text = given[name];
    if (text !== undefined && typeof text !== 'string') return undefined;
  }
  if (!isJson(given.data, PLAIN_DEPTH)) return undefined;
  return given as unknown as Message; // each of its fields was looked at, here or where the subject was read
}
