import {
  asMultiswarmError,
  parseOrThrow,
  type Event,
  type Explanation,
  type JsonValue,
  type StreamItem,
  type Task,
} from '@multiswarm/contracts';

import type { z } from 'zod';
import { toTaskError } from '../errors';
import { OPERATIONS } from './operations';
import { payloadValue } from './payloads';
import type { Port } from './port';
import { RunHandle, type RunKind } from './run-handle';
import type { AskedBy, ControlReceipt, RerunOptions, StreamOptions, TaskHandle, WaitOptions } from './types';

const LAST: ReadonlySet<string> = new Set([
  'task.succeeded',
  'task.failed',
  'task.cancelled',
  'task.expired',
  'task.skipped',
]);

/** One request holds this long; a shorter one than the limit of the contract gets through more proxies. */
const STREAM_WAIT_MS = 15_000;
const STREAM_ITEMS = 200;

const TASK: RunKind<typeof Task> = {
  get: OPERATIONS.getTask,
  cancel: OPERATIONS.cancelTask,
  events: OPERATIONS.taskEvents,
  isLast: ({ type, taskId, root }: Event, id) => LAST.has(type) && (taskId ?? root) === id,
};

export class SubmittedTask<Out extends z.ZodType>
  extends RunHandle<typeof Task>
  implements TaskHandle<z.output<Out>>
{
  constructor(
    port: Port,
    id: string,
    duplicate: boolean,
    private readonly schema: Out | undefined,
  ) {
    super(port, TASK, id, duplicate);
  }

  async result(options: WaitOptions = {}): Promise<z.output<Out>> {
    const task = await this.end(options);
    if (task.state !== 'succeeded') throw toTaskError(task);
    const output = task.outputRef
      ? await payloadValue(this.port, task.outputRef, options.signal)
      : (task.output ?? null);
    // Without a schema the output is any JSON, which is what the type of a definition without one says.
    return this.schema ? parseOrThrow(this.schema, output) : (output as z.output<Out>);
  }

  explain(): Promise<Explanation> {
    return this.port.ask(OPERATIONS.explainTask, { id: this.id });
  }

  async *stream({ attempt, after, signal }: StreamOptions = {}): AsyncGenerator<StreamItem, void, undefined> {
    const options = { signal, waitMs: STREAM_WAIT_MS, forMs: Number.POSITIVE_INFINITY };
    const asked = { id: this.id, attempt, waitMs: STREAM_WAIT_MS, limit: STREAM_ITEMS };
    for (let place = after; ;) {
      const { items, next, ended } = await this.port.ask(
        OPERATIONS.taskLogs,
        { ...asked, after: place },
        options,
      );
      yield* items;
      if (ended) return;
      place = next;
    }
  }

  pause(reason?: string, by?: AskedBy): Promise<ControlReceipt> {
    const asked = { ...this.port.by(by), ...(reason === undefined ? {} : { reason }) };
    return this.port.ask(OPERATIONS.pauseTask, { id: this.id, ...asked });
  }

  resume(by?: AskedBy): Promise<ControlReceipt> {
    return this.port.ask(OPERATIONS.resumeTask, { id: this.id, ...this.port.by(by) });
  }

  signal(name: string, payload?: JsonValue): Promise<ControlReceipt> {
    const { id } = this;
    return this.port.ask(OPERATIONS.signalTask, { id, name, ...(payload === undefined ? {} : { payload }) });
  }

  async retry(by?: AskedBy): Promise<ControlReceipt> {
    const asked = { id: this.id, ...this.port.by(by) };
    let tries = 0;
    try {
      return await this.port.retry(() => {
        tries += 1;
        return this.port.ask(OPERATIONS.retryTask, asked, { forMs: 0 });
      });
    } catch (error) {
      // A try of which the answer got lost may have done it: then there is nothing to be retried any more.
      if (tries === 1 || asMultiswarmError(error).code !== 'wrong-state') throw error;
      const { id, state } = await this.get();
      return { id, state };
    }
  }

  async rerun({ idempotencyKey = this.port.ids.next() }: RerunOptions = {}): Promise<SubmittedTask<Out>> {
    const { id, duplicate } = await this.port.ask(OPERATIONS.rerunTask, { id: this.id, idempotencyKey });
    return new SubmittedTask(this.port, id, duplicate, this.schema);
  }
}
