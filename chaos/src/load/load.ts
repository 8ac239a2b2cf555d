import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@multiswarm/sdk';
import { REGIONS } from '../system/settings';
import { workOf, type HoldTimes, type Work } from './work';

export interface LoadOptions extends HoldTimes {
  readonly seed: number;
  /** Tasks to hand in, at an even pace. */
  readonly perSecond: number;
  /** So many; without it until it is told to stop. */
  readonly tasks?: number;
}

/** What became of one submission. */
export interface Submission {
  readonly work: Work;
  readonly sentAt: number;
  readonly id?: string;
  readonly acknowledgedAt?: number;
  /** Why it was given up: nobody knows whether there is such a task. */
  readonly error?: string;
}

/** Submissions that may be without an answer at the same time; while so many are, no further one is begun. */
const IN_FLIGHT = 2_000;
const PACE_MS = 20;

/** A steady stream of tasks from clients that ask again until they are answered. */
export class Load {
  readonly submissions: Submission[] = [];
  private readonly under = new Set<Promise<void>>();
  private readonly cancelling = new Set<Promise<void>>();
  private begun = 0;
  private stopped = false;

  constructor(
    private readonly options: LoadOptions,
    private readonly clients: { readonly bus: Client; readonly http: Client },
    /** Called with each task that will say something. */
    private readonly onTalker: (taskId: string) => void = () => undefined,
  ) {}

  get begunCount(): number {
    return this.begun;
  }

  get acknowledgedCount(): number {
    return this.submissions.filter(({ id }) => id !== undefined).length;
  }

  /** Resolves when each submission has been answered or given up. */
  async run(): Promise<void> {
    const { tasks = Infinity, perSecond } = this.options;
    const from = performance.now();
    while (this.begun < tasks && !this.stopped) {
      const due = Math.min(tasks, Math.ceil(((performance.now() - from) / 1000) * perSecond));
      while (this.begun < due && this.under.size < IN_FLIGHT) this.begin();
      await delay(PACE_MS);
    }
    while (this.under.size + this.cancelling.size > 0) await Promise.all([...this.under, ...this.cancelling]);
  }

  /** Begins nothing more. */
  stop(): void {
    this.stopped = true;
  }

  private begin(): void {
    const work = workOf(this.options.seed, this.begun, this.options);
    this.begun += 1;
    const one = this.submit(work).finally(() => this.under.delete(one));
    this.under.add(one);
  }

  private async submit(work: Work): Promise<void> {
    const sentAt = Date.now();
    const { type, input, namespace, limitKeys, priority, n } = work;
    try {
      const { id } = await this.client(work).submit(type, input, {
        ...{ namespace, limitKeys: [...limitKeys], priority },
        // From behind a leaf node without JetStream nobody reaches what is stored.
        ...(input.blob === undefined ? {} : { requirements: { region: [REGIONS.near, REGIONS.far] } }),
        idempotencyKey: `chaos-${this.options.seed}-${n}`,
        metadata: { n },
        retry: { maxAttempts: 5, initialMs: 200, maxMs: 1_000 },
      });
      this.submissions.push({ work, sentAt, id, acknowledgedAt: Date.now() });
      if (work.input.says !== undefined) this.onTalker(id);
      if (work.cancelAfterMs !== undefined) this.cancelLater(work, id, work.cancelAfterMs);
    } catch (error) {
      this.submissions.push({ work, sentAt, error: String(error) });
    }
  }

  private cancelLater(work: Work, id: string, afterMs: number): void {
    const one = delay(afterMs)
      .then(() => this.client(work).task(id).cancel('chaos'))
      .then(
        () => undefined,
        // A cancellation that nobody took is none; its task ends in its own way.
        () => undefined,
      )
      .finally(() => this.cancelling.delete(one));
    this.cancelling.add(one);
  }

  private client({ overHttp }: Work): Client {
    return overHttp ? this.clients.http : this.clients.bus;
  }
}
