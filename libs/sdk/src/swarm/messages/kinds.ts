import {
  fittingOrThrow,
  MultiswarmError,
  parseFitting,
  summarize,
  type JsonValue,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import { messageOf, type MessageDefinition, type MessageOrKind } from '../../define-message';
import type { Gathered } from './answers';

/**
 * Holds what is to be sent against its definition. It is sent as it was given: whoever handles it parses it, so that nothing is
 * transformed twice.
 * @throws MultiswarmError `invalid-request`
 */
export function assertSendable(
  { kind, data: schema }: MessageDefinition<z.ZodType, z.ZodType>,
  data: JsonValue,
): void {
  if (schema !== undefined) fittingOrThrow(kind, parseFitting(schema, data, ['data']));
}

/** @throws MultiswarmError `attempt-failed` where the answer does not fit: whoever was asked has another notion of the kind */
export function checkedAnswer(kind: MessageOrKind, answer: JsonValue): unknown {
  const { kind: name, reply } = messageOf(kind);
  if (reply === undefined) return answer;
  const parsed = parseFitting(reply, answer);
  if (parsed.ok) return parsed.value;
  const { findings } = parsed;
  const text = `the answer to "${name}" does not fit its schema: ${summarize(findings)}`;
  throw new MultiswarmError('attempt-failed', text, { findings });
}

/** Answers that do not fit are failures. */
export function checkedAnswers(
  kind: MessageOrKind,
  { answers, failures, complete }: Gathered,
): Gathered<unknown> {
  const checked: Gathered<unknown> = { answers: [], failures: [...failures], complete };
  for (const { from, data } of answers) {
    try {
      checked.answers.push({ from, data: checkedAnswer(kind, data) });
    } catch (error) {
      if (!(error instanceof MultiswarmError)) throw error;
      checked.failures.push({ from, error });
    }
  }
  return checked;
}
