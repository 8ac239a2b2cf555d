import { headers as newHeaders, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';

/** A message as a JetStream stream has it. */
export interface StoredMessage {
  seq: number;
  subject: string;
  /** When the server stored it, epoch ms by its clock. */
  at: number;
  data: Buffer;
}

/** What the server of a stream answers where it has refused. */
export class StreamRefusal extends Error {
  constructor(
    readonly errCode: number,
    description: string,
  ) {
    super(`JetStream: ${description}`);
    this.name = 'StreamRefusal';
  }

  /** The last message of the subject is not the one that was expected, or another one for it is on its way. */
  get isConflict(): boolean {
    return CONFLICT.has(this.errCode);
  }

  /** A limit of the stream is reached, or the disk is full. */
  get isFull(): boolean {
    return FULL.has(this.errCode);
  }

  /** There is no such stream. */
  get isMissing(): boolean {
    return this.errCode === NO_STREAM;
  }
}

/** Wrong last sequence, with and without saying which. */
const CONFLICT: ReadonlySet<number> = new Set([10_071, 10_164]);
/** Maximum bytes exceeded, insufficient storage, no resources. */
const FULL: ReadonlySet<number> = new Set([10_047, 10_023, 10_077, 10_122]);
const NO_MESSAGE = 10_037;
const NO_STREAM = 10_059;
const TIMEOUT_MS = 5_000;
const OWN_API = '$JS.API';

/** The JetStream API of a domain: that of the own one unless told. */
export function apiOf(domain?: string): string {
  return domain === undefined ? OWN_API : `$JS.${domain}.API`;
}

interface ApiError {
  error?: { code: number; err_code?: number; description?: string };
}

/** The newest message on a subject, which may have wildcards: as the leader of the stream has it. Undefined where there is none. */
export async function lastStored(
  connection: NatsConnection,
  stream: string,
  subject: string,
  api = OWN_API,
): Promise<StoredMessage | undefined> {
  return fromLeader(connection, stream, { last_by_subj: subject }, api);
}

/**
 * The first message on a subject from a sequence on. Any replica of the stream answers, which may not have the newest yet;
 * `certain` asks its leader.
 */
export async function nextStored(
  connection: NatsConnection,
  stream: string,
  subject: string,
  seq: number,
  { certain = false, api = OWN_API }: { certain?: boolean; api?: string } = {},
): Promise<StoredMessage | undefined> {
  const query = { seq, next_by_subj: subject };
  if (certain) return fromLeader(connection, stream, query, api);
  const message = await connection.request(`${api}.DIRECT.GET.${stream}`, JSON.stringify(query), {
    timeout: TIMEOUT_MS,
  });
  const { headers } = message;
  if (!headers?.has('Nats-Sequence')) return undefined;
  return {
    seq: Number(headers.get('Nats-Sequence')),
    subject: headers.get('Nats-Subject'),
    at: Date.parse(headers.get('Nats-Time-Stamp')),
    data: Buffer.from(message.data),
  };
}

/** The newest message on a subject as the leader has it, and whether it says by its headers that something is gone. */
export async function lastMessageOf(
  connection: NatsConnection,
  stream: string,
  subject: string,
): Promise<{ seq: number; isMarker: boolean } | undefined> {
  try {
    const { message } = await askStream<{ message: { seq: number; hdrs?: string } }>(
      connection,
      `STREAM.MSG.GET.${stream}`,
      { last_by_subj: subject },
    );
    const headers = Buffer.from(message.hdrs ?? '', 'base64').toString('utf8');
    return { seq: message.seq, isMarker: /^KV-Operation: *(DEL|PURGE)/im.test(headers) };
  } catch (error) {
    if (error instanceof StreamRefusal && error.errCode === NO_MESSAGE) return undefined;
    throw error;
  }
}

async function fromLeader(
  connection: NatsConnection,
  stream: string,
  query: object,
  api: string,
): Promise<StoredMessage | undefined> {
  try {
    const { message } = await askStream<{
      message: { seq: number; subject: string; time: string; data?: string };
    }>(connection, `STREAM.MSG.GET.${stream}`, query, api);
    const { seq, subject, time, data = '' } = message;
    return { seq, subject, at: Date.parse(time), data: Buffer.from(data, 'base64') };
  } catch (error) {
    if (error instanceof StreamRefusal && error.errCode === NO_MESSAGE) return undefined;
    throw error;
  }
}

/** One request to the JetStream API. @throws StreamRefusal, or what the client throws where nobody answers */
export async function askStream<T>(
  connection: NatsConnection,
  verb: string,
  query: object,
  api = OWN_API,
): Promise<T> {
  const message = await connection.request(`${api}.${verb}`, JSON.stringify(query), { timeout: TIMEOUT_MS });
  return checked(message.json()) as T; // the server's own contract
}

export interface StoreOptions {
  headers?: Readonly<Record<string, string>>;
  /** The sequence of the message that must be the last of the subject; 0 where there must be none. */
  expectedLast?: number;
  /** How long it waits for the answer; 5 s unless told. */
  timeoutMs?: number;
}

/** Stores one message. @returns its sequence @throws StreamRefusal */
export async function storeMessage(
  connection: NatsConnection,
  subject: string,
  data: Uint8Array | string,
  { headers, expectedLast, timeoutMs = TIMEOUT_MS }: StoreOptions = {},
): Promise<number> {
  const message = await connection.request(subject, data, {
    timeout: timeoutMs,
    headers: headersOf(headers, expectedLast),
  });
  return (checked(message.json()) as { seq: number }).seq; // the server's own contract
}

function headersOf(given: StoreOptions['headers'] = {}, expectedLast: number | undefined): MsgHdrs {
  const headers = newHeaders();
  for (const [name, value] of Object.entries(given)) headers.set(name, value);
  if (expectedLast !== undefined) headers.set('Nats-Expected-Last-Subject-Sequence', String(expectedLast));
  return headers;
}

function checked(answer: unknown): unknown {
  const { error } = answer as ApiError;
  if (error) throw new StreamRefusal(error.err_code ?? error.code, error.description ?? 'refused');
  return answer;
}
