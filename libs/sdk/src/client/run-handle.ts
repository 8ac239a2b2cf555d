import { isTerminal, MultiswarmError, type Event, type EventPage } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import type { z } from 'zod';
import { stayAlive } from '../stay-alive';
import { follow } from './follow';
import type { Operation } from './operations';
import type { Port } from './port';
import type { AskedBy, ControlReceipt, FollowOptions, WaitOptions } from './types';

/** What differs between tasks and workflows. */
export interface RunKind<S extends z.ZodType> {
  get: Operation<{ id: string; waitMs: number; resultOnly?: boolean }, S>;
  /** What whoever waits for the end asks for besides. */
  ofEnd?: { resultOnly: true };
  cancel: Operation<{ id: string; reason?: string; requestedBy?: string }, z.ZodType<ControlReceipt>>;
  events: Operation<{ id: string; after?: number }, z.ZodType<EventPage>>;
  isLast: (event: Event, id: string) => boolean;
}

/** One request holds this long; a shorter one than the limit of the contract gets through more proxies. */
const HOLD_MS = 20_000;
/** An answer that came sooner was not held, as from a server that is about to stop: the next request waits a little. */
const SHORT_HOLD_MS = 100;

/** One function for all: a batch makes a handle for each of thousands of tasks. */
const nothing = (): void => undefined;

/** A task or a workflow that was submitted. */
export abstract class RunHandle<S extends z.ZodType<{ state: string }>> {
  private forgetSignal: () => void = nothing;

  constructor(
    protected readonly port: Port,
    private readonly kind: RunKind<S>,
    readonly id: string,
    readonly duplicate: boolean,
  ) {}

  /** What names the run; the connection behind the handle is nobody's data. */
  toJSON(): { id: string } {
    return { id: this.id };
  }

  get(): Promise<z.output<S>> {
    return this.port.ask(this.kind.get, { id: this.id, waitMs: 0 });
  }

  cancel(reason?: string, by?: AskedBy): Promise<ControlReceipt> {
    const asked = { ...this.port.by(by), ...(reason === undefined ? {} : { reason }) };
    return this.port.ask(this.kind.cancel, { id: this.id, ...asked });
  }

  events(options: FollowOptions = {}): AsyncIterable<Event> {
    const { isLast } = this.kind;
    return follow({
      port: this.port,
      root: this.id,
      history: (after) => this.history(after, options.signal),
      isLast: (event) => isLast(event, this.id),
      signal: options.signal,
    });
  }

  /** What has happened behind the event with this number; 0: everything. The history of a large run comes in parts. */
  private async history(after: number, signal: AbortSignal | undefined): Promise<Event[]> {
    const events: Event[] = [];
    for (let place = after; ;) {
      const body = place === 0 ? { id: this.id } : { id: this.id, after: place };
      const { items, next } = await this.port.ask(this.kind.events, body, { signal });
      for (const event of items) events.push(event);
      if (next === null) return events;
      place = Number(next);
    }
  }

  /** Cancels the run when the signal is aborted before the end of the run is known. */
  cancelOn(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.cancel('aborted by the one who submitted it').catch((error: unknown) => {
        this.port.log.warn('an aborted submission could not be cancelled', { error, id: this.id });
      });
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    this.forgetSignal = () => signal.removeEventListener('abort', onAbort);
  }

  /** Waits for the end, over restarts of the orchestrator, for as long as the caller wants to. */
  protected async end({ signal, timeoutMs }: WaitOptions): Promise<z.output<S>> {
    const run = await this.waitWithin(signal, timeoutMs);
    this.forgetSignal();
    return run;
  }

  private async waitWithin(
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Promise<z.output<S>> {
    if (timeoutMs === undefined) return this.waitFor(signal);
    const limit = new AbortController();
    const late = new MultiswarmError('timeout', `${this.id} has not ended within ${timeoutMs} ms`);
    const cancel = this.port.clock.after(timeoutMs, () => limit.abort(late));
    try {
      return await this.waitFor(signal ? AbortSignal.any([signal, limit.signal]) : limit.signal);
    } finally {
      cancel();
    }
  }

  private async waitFor(signal: AbortSignal | undefined): Promise<z.output<S>> {
    const { clock } = this.port;
    const request = { id: this.id, waitMs: HOLD_MS, ...this.kind.ofEnd };
    const options = { signal, waitMs: HOLD_MS, forMs: Number.POSITIVE_INFINITY };
    const release = stayAlive();
    try {
      for (;;) {
        const askedAt = clock.monotonic();
        const run = await this.port.ask(this.kind.get, request, options);
        if (isTerminal(run.state)) return run;
        if (clock.monotonic() - askedAt < SHORT_HOLD_MS) await delay(clock, SHORT_HOLD_MS, signal);
      }
    } finally {
      release();
    }
  }
}
