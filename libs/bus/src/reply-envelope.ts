import { asMultiswarmError, LIMITS, MultiswarmError } from '@multiswarm/contracts';
import { printed } from './printed';

/** Every reply is `{ "ok": … }` or `{ "error": problem }`. */
export function encodeOk(value: unknown): string {
  return `{"ok":${printed(value ?? null)}}`;
}

/** What would not fit into `maxBytes` loses its findings and the end of its description: some answer must get through. */
export function encodeError(error: unknown, maxBytes: number): string {
  const { errors, ...problem } = asMultiswarmError(error).toProblem();
  const whole = JSON.stringify({ error: errors ? { ...problem, errors } : problem });
  if (!exceeds(whole, maxBytes)) return whole;
  const detail = problem.detail.slice(0, LIMITS.ERROR_MESSAGE_CHARS);
  return JSON.stringify({ error: { ...problem, detail } });
}

/** The value of an `ok` reply; throws the error of the other kind, and `internal` for what is no reply of ours. */
export function decodeReply(text: string): unknown {
  const reply = fromJson(text);
  if (typeof reply === 'object' && reply !== null) {
    if ('error' in reply) throw MultiswarmError.fromProblem(reply.error);
    if ('ok' in reply) return reply.ok;
  }
  throw new MultiswarmError('internal', 'the answer is neither a result nor an error');
}

/** Whether a text is longer than so many bytes of UTF-8, counted only where its length leaves a doubt. */
export function exceeds(text: string | Uint8Array, bytes: number): boolean {
  if (typeof text !== 'string') return text.length > bytes;
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
