import { PassThrough } from 'node:stream';
import type { JsonValue } from '@multiswarm/contracts';
import { createSwarm, type Swarm, type TaskContext } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';

/** An attempt that goes on until the test ends it, or it is told to stop. */
export interface HeldAttempt {
  readonly ctx: TaskContext;
  end(output: JsonValue): void;
  fail(error: Error): void;
}

/** Attempts in the hands of a test, in the order in which they began. */
export class HeldWork {
  readonly attempts: HeldAttempt[] = [];
  private isOpen = false;

  readonly handler = (_input: JsonValue, ctx: TaskContext): Promise<JsonValue> =>
    new Promise((resolve, reject) => {
      this.attempts.push({ ctx, end: resolve, fail: reject });
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error));
      if (this.isOpen) resolve(null);
    });

  /** All of it ends well from now on, at once. */
  open(): void {
    this.isOpen = true;
    for (const { end } of this.attempts) end(null);
  }

  /** As `task#number`. */
  get began(): string[] {
    return this.attempts.map(({ ctx: { task } }) => `${task.id}#${task.attempt}`);
  }

  /** This attempt, once it has begun. */
  attempt(id: string, number = 1): Promise<HeldAttempt> {
    return eventually(
      () => this.attempts.find(({ ctx: { task } }) => task.id === id && task.attempt === number),
      { timeoutMs: 15_000, describe: () => `${id}#${number} among ${this.began.join(', ')}` },
    );
  }
}

/** A swarm of the SDK in this process that says nothing. */
export function quietSwarm(id: string, servers: string, slots: number): Swarm {
  const logger = createLogger({ service: 'swarm', level: 'error', stream: new PassThrough().resume() });
  return createSwarm({ id, region: 'eu-west', slots, servers, handleSignals: false, logger });
}
