import type { Bus } from '@multiswarm/bus';
import { MultiswarmError, subjects, type AttemptDispatch } from '@multiswarm/contracts';
import type { Clock, Random } from '@multiswarm/core';
import { z } from 'zod';
import { lightenedSteps, mayBeLarge } from '../client/payloads';
import { printJson } from '../client/port';
import { abortable, withRetry } from '../client/retry';
import { toWorkflow } from '../client/submission';
import type { AddedSteps, WorkflowDocument } from '../client/types';
import { SDK_LIMITS } from '../limits';
import type { AttemptPayloads } from './payloads';

export interface StepAdderOptions {
  bus: Pick<Bus, 'request'>;
  clock: Clock;
  random: Random;
  payloads: Pick<AttemptPayloads, 'store'>;
}

const Answer = z.object({ id: z.string() });

/** Steps that a running attempt adds to its own run. The server adds them only as long as the attempt is current, and each once. */
export class StepAdder {
  constructor(private readonly options: StepAdderOptions) {}

  /** @throws MultiswarmError `invalid-workflow` with every finding, `run-too-large`, `wrong-state`; the reason of the signal */
  async add(
    { workflowId, taskId, attempt, namespace }: AttemptDispatch,
    steps: AddedSteps | WorkflowDocument,
    signal: AbortSignal,
    traceparent: string,
  ): Promise<void> {
    if (workflowId === undefined)
      throw new MultiswarmError(
        'invalid-request',
        `${taskId} is no step of a workflow: there is no run that could get further steps`,
      );
    const given = toWorkflow(steps);
    const light = mayBeLarge(printJson(given)) ? await this.lightened(given, namespace, signal) : given;
    const body = { ...light, id: workflowId, by: { taskId, attempt } };
    const { bus, clock, random } = this.options;
    const ask = (): Promise<unknown> =>
      bus.request(subjects.workflow('add-steps'), body, { reply: Answer, traceparent });
    const forMs = SDK_LIMITS.ADDED_STEPS_RETRY_MS;
    await withRetry(() => abortable(ask(), signal), { clock, random, forMs, signal });
  }

  private async lightened(
    steps: Readonly<Record<string, unknown>>,
    namespace: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const store = (of: string, json: string) => this.options.payloads.store(of, json, signal);
    const { namespace: _of, ...light } = await lightenedSteps(store, { ...steps, namespace });
    return light;
  }
}
