import { LIMITS, type Signal } from '@multiswarm/contracts';
import { Recent } from '@multiswarm/core';
import type { SignalHandler } from './types';

/** A task keeps fewer: what is remembered here reaches back behind every list that may still come. */
const REMEMBERED = 4 * LIMITS.TASK_SIGNALS;

/**
 * The signals of one attempt, for its handler.
 *
 * S1. Every listener gets every signal of its name once, the earlier ones too, in their order.
 * S2. A list that came twice, or late, brings nothing new. A task keeps its newest signals only, so a signal's position says
 *     nothing: the same signal is the same name, time and payload, as many times as one list has it.
 */
export class SignalDesk {
  /** The newest, oldest first; the handler sees this very list. */
  readonly known: Signal[] = [];
  private readonly timesSeen = new Recent<string, number>(REMEMBERED);
  private readonly listeners = new Map<string, Set<(signal: Signal) => void>>();

  constructor(
    given: readonly Signal[],
    private readonly onFault: (name: string, error: unknown) => void,
  ) {
    this.learn(given);
  }

  /** All signals that the task has at this time. */
  learn(all: readonly Signal[]): void {
    const times = new Map<string, number>();
    for (const signal of all) {
      const print = JSON.stringify([signal.at, signal.name, signal.payload]);
      const time = (times.get(print) ?? 0) + 1;
      times.set(print, time);
      const seen = this.timesSeen.get(print) ?? 0;
      this.timesSeen.set(print, Math.max(time, seen));
      if (time > seen) this.add(signal);
    }
  }

  /** Returns the function that removes the listener. Nothing is delivered before this call has returned. */
  on(name: string, handler: SignalHandler): () => void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners);
    let turn = Promise.resolve();
    const deliver = (signal: Signal): void => {
      turn = turn.then(async () => {
        if (listeners.has(deliver)) await handler(signal.payload, signal);
      });
      turn = turn.catch((error: unknown) => this.onFault(name, error));
    };
    listeners.add(deliver);
    for (const signal of this.known) if (signal.name === name) deliver(signal);
    return () => void listeners.delete(deliver);
  }

  /** Nothing more is delivered. */
  close(): void {
    for (const listeners of this.listeners.values()) listeners.clear();
  }

  private add(signal: Signal): void {
    this.known.push(signal);
    if (this.known.length > REMEMBERED) this.known.shift();
    for (const deliver of [...(this.listeners.get(signal.name) ?? [])]) deliver(signal);
  }
}
