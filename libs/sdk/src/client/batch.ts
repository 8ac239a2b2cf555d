import { Printed } from '@multiswarm/bus';
import {
  asMultiswarmError,
  ERRORS,
  LIMITS,
  MultiswarmError,
  type BatchItemResult,
  type ErrorCode,
} from '@multiswarm/contracts';
import { chunkByBytes } from '@multiswarm/core';
import { OPERATIONS } from './operations';
import { lightened, mayBeLarge, storeOf } from './payloads';
import type { Port } from './port';
import { toSubmission } from './submission';
import { SubmittedTask } from './task-handle';
import type { BatchItem, BatchItemOutcome, BatchOutcome } from './types';
import { definitionOf } from '../define-task';

interface Prepared {
  index: number;
  json: string;
  bytes: number;
}

/**
 * Submits many tasks in requests that fit the transport, one after the other, so that their order is kept.
 * An item that is refused for a passing reason is sent again, under its own key.
 */
export class BatchSubmitter {
  private readonly outcomes: (BatchItemOutcome | undefined)[];

  constructor(
    private readonly port: Port,
    private readonly items: readonly BatchItem[],
    private readonly signal: AbortSignal | undefined,
  ) {
    this.outcomes = items.map(() => undefined);
  }

  async submit(): Promise<BatchOutcome> {
    const prepared = this.items
      .map((item, index) => this.prepare(item, index))
      .filter((item) => item !== undefined);
    const ready = prepared.some(({ json }) => mayBeLarge(json)) ? await this.lightened(prepared) : prepared;
    let sent = 0;
    for (const chunk of this.chunks(ready)) {
      try {
        await this.send(chunk);
      } catch (error) {
        if (sent === 0 && chunk.every(({ index }) => this.outcomes[index] === undefined)) throw error;
        for (const { index } of chunk) this.outcomes[index] ??= { index, error: asMultiswarmError(error) };
      }
      sent += 1;
    }
    const items = this.outcomes.filter((outcome) => outcome !== undefined);
    const accepted = items.filter(({ handle }) => handle !== undefined).length;
    return { accepted, rejected: items.length - accepted, items };
  }

  private prepare({ task, input, ...options }: BatchItem, index: number): Prepared | undefined {
    try {
      const json = JSON.stringify(toSubmission(task, input, options, this.port.ids.next()));
      return { index, json, bytes: Buffer.byteLength(json) + 1 };
    } catch (error) {
      this.outcomes[index] = { index, error: asMultiswarmError(error) };
      return undefined;
    }
  }

  /** What is too large to travel is stored first, one after the other. */
  private async lightened(prepared: readonly Prepared[]): Promise<Prepared[]> {
    const ready: Prepared[] = [];
    for (const item of prepared) {
      try {
        ready.push(mayBeLarge(item.json) ? await this.lighten(item) : item);
      } catch (error) {
        this.outcomes[item.index] = { index: item.index, error: asMultiswarmError(error) };
      }
    }
    return ready;
  }

  private async lighten({ index, json: heavy }: Prepared): Promise<Prepared> {
    const fields = JSON.parse(heavy) as Record<string, unknown>; // we have printed it
    const json = JSON.stringify(await lightened(storeOf(this.port, this.signal), fields));
    return { index, json, bytes: Buffer.byteLength(json) + 1 };
  }

  private chunks(prepared: readonly Prepared[]): Prepared[][] {
    return chunkByBytes(prepared, ({ bytes }) => bytes, {
      bytes: this.port.transport.batchBytes,
      items: LIMITS.BATCH_TASKS,
    });
  }

  private async send(chunk: readonly Prepared[]): Promise<void> {
    let left = chunk;
    await this.port.retry(
      async () => {
        const reply = await this.port.ask(
          OPERATIONS.submitBatch,
          new Printed(`{"tasks":[${left.map(({ json }) => json).join()}]}`),
          { signal: this.signal, forMs: 0 },
        );
        const passing: { item: Prepared; error: MultiswarmError }[] = [];
        for (const result of reply.results) {
          const item = left[result.index];
          if (!item) continue;
          const outcome = this.toOutcome(item.index, result);
          if (outcome.error?.retryable) passing.push({ item, error: outcome.error });
          else this.outcomes[item.index] = outcome;
        }
        left = passing.map(({ item }) => item);
        if (passing[0]) throw passing[0].error;
      },
      { signal: this.signal },
    );
  }

  private toOutcome(index: number, result: BatchItemResult): BatchItemOutcome {
    if ('error' in result) {
      const { code, detail, errors } = result.error;
      return { index, error: new MultiswarmError(toCode(code), detail, errors ? { findings: errors } : {}) };
    }
    const definition = definitionOf((this.items[index] as BatchItem).task);
    return {
      index,
      handle: new SubmittedTask(this.port, result.id, result.duplicate, definition.output) as never,
    };
  }
}

function toCode(code: string): ErrorCode {
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal';
}
