import { MultiswarmError, asMultiswarmError, type Problem } from '@multiswarm/contracts';

/** Every reply is `{ "ok": … }` or `{ "error": problem }`. */
export function encodeOk(value: unknown): string {
  return `{"ok":${JSON.stringify(value ?? null)}}`;
}

export function encodeError(error: unknown): string {
  return JSON.stringify({ error: asMultiswarmError(error).toProblem() });
}

/** The value of an `ok` reply; throws the error of the other kind. */
export function decodeReply(text: string): unknown {
  const reply = JSON.parse(text) as { ok?: unknown; error?: Problem };
  if (reply.error) throw MultiswarmError.fromProblem(reply.error);
  return reply.ok;
}
