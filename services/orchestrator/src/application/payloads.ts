import {
  LIMITS,
  MultiswarmError,
  partsOfPayloadId,
  type CheckPayloads,
  type JsonValue,
  type PayloadCheck,
  type PayloadRef,
} from '@multiswarm/contracts';
import { jsonBytes } from '@multiswarm/core';
import type { TaskRecord } from '../domain/task/record';
import type { PayloadStore } from '../payload-ports';
import type { PayloadInspection } from './payload-check';

/** Of a workflow with many steps. */
const CLAIMS_AT_ONCE = 32;

type Fields = Readonly<Record<string, unknown>>;

/** A value as it is told: at hand, or in parts as they are read. */
export type Told = { value: JsonValue } | { ref: PayloadRef; content: AsyncIterable<Uint8Array> };

/** Inputs and outputs that go by reference: on their way in, and when somebody reads them. */
export class Payloads {
  /** @param store undefined where this process has none: then nothing goes by reference */
  constructor(
    private readonly store: PayloadStore | undefined,
    private readonly inspection: PayloadInspection | undefined,
  ) {}

  /**
   * A submission that was refused because of the size of its input, with that input stored and referred to.
   * @throws the refusal, where it was another one
   */
  async lightened(given: unknown, refusal: unknown): Promise<unknown> {
    if (!isTooLarge(refusal) || !this.store) throw refusal;
    const { namespace = 'default' } = given as Fields; // it is an object, and fits the schema: only its size was wrong
    return this.byReference(given, String(namespace));
  }

  /** The same, for the steps of a workflow. */
  async lightenedSteps(given: unknown, refusal: unknown): Promise<unknown> {
    if (!isTooLarge(refusal) || !this.store) throw refusal;
    const { tasks, namespace = 'default' } = given as { tasks: unknown[]; namespace?: unknown };
    const steps: unknown[] = [];
    for (const step of tasks) steps.push(await this.byReference(step, String(namespace)));
    return { ...(given as Fields), tasks: steps };
  }

  /**
   * Makes sure that what a submission refers to is there, and stays until it is committed.
   * @throws MultiswarmError `payload-not-found`
   */
  async claim(refs: readonly (PayloadRef | undefined)[]): Promise<void> {
    const different = new Map(refs.flatMap((ref) => (ref ? [[`${ref.id} ${ref.bytes}`, ref] as const] : [])));
    const all = [...different.values()];
    for (let at = 0; at < all.length; at += CLAIMS_AT_ONCE)
      await Promise.all(all.slice(at, at + CLAIMS_AT_ONCE).map((ref) => this.required().claim(ref)));
  }

  /** Stores what comes in pieces. */
  put(namespace: string, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<PayloadRef> {
    return this.required().storeStream(namespace, chunks, { signal });
  }

  /** @throws MultiswarmError `payload-not-found` */
  async get(id: string): Promise<Told> {
    const store = this.required();
    const { bytes } = await store.find(id);
    return { ref: { id, bytes }, content: store.read({ id, bytes }) };
  }

  inputOf({ spec }: TaskRecord): Promise<Told> {
    return spec.inputRef ? this.told(spec.inputRef) : Promise.resolve({ value: spec.input });
  }

  /** @throws MultiswarmError `wrong-state` where the task has no output (yet) */
  async outputOf({ id, state, output = null, outputRef }: TaskRecord): Promise<Told> {
    if (state !== 'succeeded')
      throw new MultiswarmError('wrong-state', `${id} has no output: it is ${state}`);
    return outputRef ? this.told(outputRef) : { value: output };
  }

  check(asked: CheckPayloads): Promise<PayloadCheck> {
    if (!this.inspection) throw noStore();
    return this.inspection.check(asked);
  }

  /** It is looked up before the first byte, so that what is missing is a refusal and no broken answer. */
  private async told(ref: PayloadRef): Promise<Told> {
    const store = this.required();
    await store.find(ref.id);
    return { ref, content: store.read(ref) };
  }

  private async byReference(given: unknown, namespace: string): Promise<unknown> {
    const { input, ...rest } = given as Fields;
    if (input === undefined || jsonBytes(input) <= LIMITS.TASK_INPUT_BYTES) return given;
    return { ...rest, inputRef: await this.required().store(namespace, JSON.stringify(input)) };
  }

  private required(): PayloadStore {
    if (!this.store) throw noStore();
    return this.store;
  }
}

/**
 * That a reference stands instead of an input, and is of the namespace of who refers to it.
 * @throws MultiswarmError `invalid-request`
 */
export function checkReference(
  { input, inputRef }: { input: JsonValue; inputRef?: PayloadRef | undefined },
  namespace: string,
  pointer: string,
): void {
  if (inputRef === undefined) return;
  if (input !== null) throw fault(`${pointer}/input`, 'give an input or an inputRef, not both');
  if (partsOfPayloadId(inputRef.id).namespace !== namespace)
    throw fault(`${pointer}/inputRef/id`, `it is no payload of the namespace "${namespace}"`);
}

function fault(pointer: string, message: string): MultiswarmError {
  return new MultiswarmError('invalid-request', `${pointer}: ${message}`, {
    findings: [{ pointer, code: 'payload-reference', message }],
  });
}

function isTooLarge(refusal: unknown): boolean {
  return refusal instanceof MultiswarmError && refusal.code === 'input-too-large';
}

function noStore(): MultiswarmError {
  return new MultiswarmError('payload-store-unavailable', 'this orchestrator has no store of payloads');
}
