import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '@multiswarm/bus';
import { Accepted, MultiswarmError, subjects } from '@multiswarm/contracts';
import { z } from 'zod';
import { FLOW_NAMESPACE, flowOf, TOLD, type Flow } from './flow';

export interface FlowLoadOptions {
  readonly seed: number;
  readonly perSecond: number;
  /** So many; without it until it is told to stop. */
  readonly flows?: number;
  /** How long a request is repeated. */
  readonly patienceMs: number;
}

/** What became of one workflow that was handed in. */
export interface FlowSubmission {
  readonly flow: Flow;
  readonly id?: string;
  readonly error?: string;
  /** Whether the signal was taken. */
  readonly signalled: boolean;
  readonly cancelled: boolean;
}

const REQUEST_MS = 8_000;
const AGAIN_MS = 250;
const PACE_MS = 50;

/** A steady stream of workflows; each is told what it waits for, and some are cancelled. */
export class FlowLoad {
  readonly submissions: FlowSubmission[] = [];
  private readonly under = new Set<Promise<void>>();
  private stopped = false;

  constructor(
    private readonly options: FlowLoadOptions,
    private readonly bus: Bus,
  ) {}

  /** Resolves when each has been answered and told, or given up. */
  async run(): Promise<void> {
    const { flows = Infinity, perSecond, seed } = this.options;
    const from = performance.now();
    for (let begun = 0; begun < flows && !this.stopped;) {
      const due = Math.min(flows, Math.ceil(((performance.now() - from) / 1000) * perSecond));
      for (; begun < due; begun += 1) {
        const one = this.handIn(flowOf(seed, begun)).finally(() => this.under.delete(one));
        this.under.add(one);
      }
      await delay(PACE_MS);
    }
    await Promise.all(this.under);
  }

  /** Begins nothing more. */
  stop(): void {
    this.stopped = true;
  }

  private async handIn(flow: Flow): Promise<void> {
    const { seed } = this.options;
    const { n, body, items } = flow;
    const untold = { flow, signalled: false, cancelled: false };
    const submission = {
      ...{ ...body, namespace: FLOW_NAMESPACE, metadata: { n }, idempotencyKey: `chaos-flow-${seed}-${n}` },
      input: Array.from({ length: items }, (_, index) => index),
    };
    try {
      const { id } = await this.ask(subjects.workflow('submit'), submission, Accepted);
      this.submissions.push({ ...untold, id, ...(await this.tell(flow, id)) });
    } catch (error) {
      this.submissions.push({ ...untold, error: String(error) });
    }
  }

  private async tell(
    { n, signalAfterMs, cancelAfterMs }: Flow,
    id: string,
  ): Promise<Pick<FlowSubmission, 'signalled' | 'cancelled'>> {
    // One that has ended before it could be told takes nothing any more.
    const told = (verb: string, body: object): Promise<boolean> =>
      this.ask(subjects.workflow(verb), { id, ...body }, z.object({})).then(
        () => true,
        () => false,
      );
    const cancels = async (afterMs: number): Promise<boolean> => {
      await delay(afterMs);
      return told('cancel', { reason: 'chaos' });
    };
    const signals = async (): Promise<boolean> => {
      await delay(signalAfterMs);
      return told('signal', { name: TOLD, payload: n });
    };
    const [signalled, cancelled] = await Promise.all([
      signals(),
      cancelAfterMs === undefined ? false : cancels(cancelAfterMs),
    ]);
    return { signalled, cancelled };
  }

  private async ask<S extends z.ZodType>(subject: string, body: object, reply: S): Promise<z.output<S>> {
    const deadline = performance.now() + this.options.patienceMs;
    for (;;) {
      try {
        return await this.bus.request(subject, body, { reply, timeoutMs: REQUEST_MS });
      } catch (error) {
        const isPassing = error instanceof MultiswarmError && error.retryable;
        if (!isPassing || performance.now() > deadline) throw error;
        await delay(AGAIN_MS);
      }
    }
  }
}
