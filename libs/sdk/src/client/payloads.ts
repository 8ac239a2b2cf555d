import {
  isDeeperThan,
  LIMITS,
  MultiswarmError,
  type JsonValue,
  type PayloadRef,
} from '@multiswarm/contracts';
import { parsePayload } from '../payload-json';
import { printJson, type Port } from './port';

type Fields = Readonly<Record<string, unknown>>;

/** At most: a text of so many characters is that long in UTF-8. */
const UTF8_BYTES_PER_CHAR = 3;
/** Time for so many bytes more, on a slow line. */
const BYTES_PER_MS = 1024;

/** Whether a text may be so large that something in it has to go by reference. Sure only where it is not. */
export function mayBeLarge(json: string): boolean {
  return json.length * UTF8_BYTES_PER_CHAR > LIMITS.TASK_INPUT_BYTES;
}

/** Stores JSON for tasks of a namespace. */
export type StorePayload = (namespace: string, json: string) => Promise<PayloadRef>;

export function storeOf(port: Port, signal?: AbortSignal): StorePayload {
  return (namespace, json) => storePayload(port, namespace, json, signal);
}

/** A submission with an input that is too large to travel stored, and referred to. */
export async function lightened(store: StorePayload, fields: Fields): Promise<Fields> {
  const { input, ...rest } = fields;
  const json = input === undefined ? '' : JSON.stringify(input);
  if (!mayBeLarge(json)) return fields;
  if (Buffer.byteLength(json) <= LIMITS.TASK_INPUT_BYTES) return fields;
  const { namespace = 'default' } = fields;
  return { ...rest, inputRef: await store(String(namespace), json) };
}

/** The same, of the steps of a workflow. */
export async function lightenedSteps(store: StorePayload, fields: Fields): Promise<Fields> {
  const { tasks, namespace = 'default' } = fields;
  if (!Array.isArray(tasks)) return fields;
  const steps: unknown[] = [];
  for (const step of tasks as unknown[]) {
    const isStep = typeof step === 'object' && step !== null;
    if (!isStep) steps.push(step);
    else {
      const { namespace: _of, ...light } = await lightened(store, { ...step, namespace });
      steps.push('namespace' in step ? { ...light, namespace: step.namespace } : light);
    }
  }
  return { ...fields, tasks: steps };
}

/** The value that a reference stands for. */
export async function payloadValue(
  port: Port,
  ref: PayloadRef,
  signal: AbortSignal | undefined,
): Promise<JsonValue> {
  const bytes = await port.retry(
    () => port.transport.readPayload(ref, { timeoutMs: port.timeoutFor(ref.bytes / BYTES_PER_MS), signal }),
    { signal },
  );
  return parsePayload(ref, bytes);
}

/** Stores any JSON value, for several tasks that take it as their input. */
export async function putPayload(
  port: Port,
  namespace: string,
  value: unknown,
  signal: AbortSignal | undefined,
): Promise<PayloadRef> {
  return storePayload(port, namespace, printJson(value), signal);
}

function storePayload(
  port: Port,
  namespace: string,
  json: string,
  signal: AbortSignal | undefined,
): Promise<PayloadRef> {
  const bytes = Buffer.byteLength(json);
  if (bytes > LIMITS.PAYLOAD_BYTES)
    throw new MultiswarmError(
      'payload-too-large',
      `the value has ${bytes} bytes, the limit is ${LIMITS.PAYLOAD_BYTES} (PAYLOAD_BYTES)`,
    );
  if (isDeeperThan(json, LIMITS.JSON_DEPTH))
    throw new MultiswarmError(
      'invalid-request',
      `the value is nested more than ${LIMITS.JSON_DEPTH} levels deep (JSON_DEPTH)`,
    );
  const timeoutMs = port.timeoutFor(bytes / BYTES_PER_MS);
  return port.retry(() => port.transport.storePayload(namespace, json, { timeoutMs, signal }), { signal });
}
