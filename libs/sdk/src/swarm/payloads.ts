import { PayloadBucket, type Bus } from '@multiswarm/bus';
import {
  MultiswarmError,
  type AttemptDispatch,
  type JsonValue,
  type PayloadRef,
} from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import { withRetry } from '../client/retry';
import { SDK_LIMITS } from '../limits';
import { parsePayload } from '../payload-json';

export interface AttemptPayloadsOptions {
  bus: Bus;
  clock: Clock;
  random: Random;
  ids: Ids;
}

/** Inputs and outputs of attempts that go by reference. What fails for a while is tried again: the work of an attempt is worth it. */
export class AttemptPayloads {
  private opened: PayloadBucket | undefined;

  constructor(private readonly options: AttemptPayloadsOptions) {}

  /** The effective input of an attempt. @param onPart called again and again while it comes */
  async inputOf(dispatch: AttemptDispatch, signal: AbortSignal, onPart: () => void): Promise<JsonValue> {
    const { input, inputRef, upstreamRefs = {} } = dispatch;
    const own = inputRef ? withUpstream(await this.fetch(inputRef, signal, onPart), input) : input;
    for (const [step, ref] of Object.entries(upstreamRefs))
      upstreamOf(own)[step] = await this.fetch(ref, signal, onPart);
    return own;
  }

  /** @param text JSON */
  store(namespace: string, text: string, signal: AbortSignal): Promise<PayloadRef> {
    return this.trying(signal, () => this.bucket.store(namespace, text, { signal }));
  }

  private fetch(ref: PayloadRef, signal: AbortSignal, onPart: () => void): Promise<JsonValue> {
    return this.trying(signal, async () => {
      const parts: Buffer[] = [];
      for await (const part of this.bucket.read(ref, { signal })) {
        parts.push(part);
        onPart();
      }
      return parsePayload(ref, Buffer.concat(parts));
    });
  }

  private get bucket(): PayloadBucket {
    const { bus, clock, ids } = this.options;
    this.opened ??= new PayloadBucket(bus.connection, clock, ids);
    return this.opened;
  }

  private trying<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const { clock, random } = this.options;
    return withRetry(attempt, { clock, random, forMs: SDK_LIMITS.PAYLOAD_RETRY_MS, signal });
  }
}

/** Beside a payload the input that travels holds at most the outputs of the steps before. */
function withUpstream(payload: JsonValue, travelled: JsonValue): JsonValue {
  if (!isObject(travelled)) return payload;
  if (!isObject(payload))
    throw new MultiswarmError(
      'invalid-request',
      'the input of a step with dependencies must be an object: it receives their outputs under "upstream"',
    );
  return { ...payload, ...travelled };
}

function upstreamOf(input: JsonValue): Record<string, JsonValue> {
  const upstream = isObject(input) ? input['upstream'] : undefined;
  if (upstream === undefined || !isObject(upstream))
    throw new MultiswarmError('internal', 'an output of a step before has no place in the input');
  return upstream;
}

function isObject(value: JsonValue): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
