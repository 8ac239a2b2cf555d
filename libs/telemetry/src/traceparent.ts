import { randomHex } from '@multiswarm/core';

/** W3C trace context, https://www.w3.org/TR/trace-context/: version, trace id, span id, flags. */
const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Version 00, and neither id is zeros: what every sender of ours sends, and can be passed on as it is. */
const PLAIN = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

export interface TraceParts {
  traceId: string;
  spanId: string;
  flags: number;
}

/**
 * A traceparent for a trace that begins here; sampled. Trace ids are never part of a decision, so a simulation does not
 * have to drive them; W3C asks for true randomness.
 */
export function newTraceparent(): string {
  const hex = randomHex(24);
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}

/** The trace id of a valid traceparent. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** The span id of a valid traceparent. */
export function spanIdOf(traceparent: string): string {
  return traceparent.slice(36, 52);
}

/** The parts of a traceparent, or undefined where it is not valid. */
export function traceParts(text: string): TraceParts | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match;
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/**
 * The traceparent in a form to pass on, or undefined where the text is not valid. What a later version of the
 * standard appends is dropped, as the standard asks of a reader that knows version 00 only.
 */
export function parseTraceparent(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  const parts = traceParts(text);
  return parts && formatTraceparent(parts);
}

export function formatTraceparent({ traceId, spanId, flags }: TraceParts): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}
