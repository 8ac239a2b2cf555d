import {
  LIMITS,
  type InputPaths,
  type JsonValue,
  type PayloadRef,
  type TaskError,
} from '@multiswarm/contracts';
import { compilePath, type RunContext } from '@multiswarm/workflow';

/**
 * The effective input of a step: its own input and, where it has dependencies, their outputs by step under `upstream`.
 * (That the own input is an object then is checked when the workflow is submitted.)
 */
export function effectiveInput(own: JsonValue, upstream: Record<string, JsonValue> | undefined): JsonValue {
  if (!upstream || Object.keys(upstream).length === 0) return own;
  return { ...(own as Record<string, JsonValue>), upstream };
}

/**
 * The input of a step that says where it comes from: all of it, or what is added to its own.
 * @throws ExpressionError where a path leads nowhere
 */
export function inputFrom(paths: InputPaths, own: JsonValue, context: RunContext): JsonValue {
  if (typeof paths === 'string') return readPath(paths, context);
  const input: Record<string, JsonValue> = { ...(own as Record<string, JsonValue>) };
  for (const [field, path] of Object.entries(paths)) input[field] = readPath(path, context);
  return input;
}

/** @throws ExpressionError */
export function readPath(text: string, context: RunContext): JsonValue {
  const compiled = compilePath(text);
  // It was compiled when the workflow was validated.
  if (!compiled.ok) throw new Error(`invariant: the path ${text} was accepted: ${compiled.message}`);
  return compiled.path.read(context);
}

/** Why an input cannot be sent, or undefined where it can. */
export function inputFault(
  input: JsonValue,
  maxBytes: number = LIMITS.STEP_INPUT_BYTES,
): TaskError | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(input));
  if (bytes <= maxBytes) return undefined;
  return {
    code: 'input-too-large',
    message: `the input with the outputs of upstream steps has ${bytes} bytes, the limit is ${maxBytes} (STEP_INPUT_BYTES): return references instead of data`,
    retryable: false,
  };
}

/** Why what goes by reference cannot be sent, or undefined where it can: whoever runs the step has to hold all of it. */
export function payloadsFault(
  own: PayloadRef | undefined,
  upstream: Readonly<Record<string, PayloadRef>> | undefined,
): TaskError | undefined {
  const refs = [...(own ? [own] : []), ...Object.values(upstream ?? {})];
  const bytes = refs.reduce((sum, ref) => sum + ref.bytes, 0);
  if (bytes <= LIMITS.STEP_PAYLOAD_BYTES) return undefined;
  return {
    code: 'input-too-large',
    message: `the payloads of the step and of upstream steps have ${bytes} bytes, the limit is ${LIMITS.STEP_PAYLOAD_BYTES} (STEP_PAYLOAD_BYTES)`,
    retryable: false,
  };
}
