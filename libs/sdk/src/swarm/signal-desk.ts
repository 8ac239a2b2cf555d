import type { Signal } from '@multiswarm/contracts';
import type { SignalHandler } from './types';

/**
 * The signals of one attempt, for its handler.
 *
 * S1. Every listener gets every signal of its name once, the earlier ones too, in their order.
 * S2. A list that came twice, or late, brings nothing new: signals are told apart by their position.
 */
export class SignalDesk {
  /** Oldest first; the handler sees this very list, so it only ever grows. */
  readonly known: Signal[];
  private readonly listeners = new Map<string, Set<(signal: Signal) => void>>();

  constructor(
    given: readonly Signal[],
    private readonly onFault: (name: string, error: unknown) => void,
  ) {
    this.known = [...given];
  }

  /** All signals of the task so far. */
  learn(all: readonly Signal[]): void {
    for (const signal of all.slice(this.known.length)) {
      this.known.push(signal);
      for (const deliver of [...(this.listeners.get(signal.name) ?? [])]) deliver(signal);
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
}
