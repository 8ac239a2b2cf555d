import { MultiswarmError, type JsonValue, type Message } from '@multiswarm/contracts';
import type { Cancel, Clock } from '@multiswarm/core';

/** The kind of an answer that says what went wrong. */
export const FAILED_KIND = 'request-failed';

/** The kind of an answer. */
export function replyKind(kind: string): string {
  return kind === 'task-request' ? 'task-response' : `${kind}-reply`;
}

interface Asked {
  onAnswer(message: Message): boolean;
  reject(error: unknown): void;
  cancel: Cancel;
}

export interface Gathered<Answer = JsonValue> {
  answers: { from: string; data: Answer }[];
  /** Those who answered that it went wrong, and those whom the question has not reached. */
  failures: { from: string; error: MultiswarmError }[];
  /** Nobody else was asked, or all have answered. */
  complete: boolean;
}

/** Whom a question has reached. */
export interface WhoIsAsked {
  count: number;
  /** Those whom it has not. */
  failures: Gathered['failures'];
}

/** Requests that wait for their answers, by correlation id. */
export class Answers {
  private readonly asked = new Map<string, Asked>();

  constructor(private readonly clock: Clock) {}

  /** One answer. Rejects with `timeout`, or with what the other side reports. */
  one(correlationId: string, timeoutMs: number): Promise<JsonValue> {
    return new Promise((resolve, reject) => {
      this.wait(correlationId, timeoutMs, {
        onAnswer: (message) => {
          if (message.kind === FAILED_KIND) reject(MultiswarmError.fromProblem(message.data));
          else resolve(message.data);
          return true;
        },
        reject,
        onTime: () => reject(new MultiswarmError('timeout', `no answer within ${timeoutMs} ms`)),
      });
    });
  }

  /** All answers that come in time; `expect` says how many there will be, once that is known. */
  many(correlationId: string, timeoutMs: number, asking: Promise<WhoIsAsked>): Promise<Gathered> {
    const gathered: Gathered = { answers: [], failures: [], complete: false };
    let expected = Infinity;
    return new Promise((resolve, reject) => {
      const seen = new Set<string>();
      const isComplete = (): boolean => (gathered.complete = seen.size >= expected);
      const finish = (): void => {
        this.drop(correlationId);
        resolve(gathered);
      };
      this.wait(correlationId, timeoutMs, {
        onAnswer: ({ from, kind, data }) => {
          if (seen.has(from)) return false;
          seen.add(from);
          if (kind === FAILED_KIND)
            gathered.failures.push({ from, error: MultiswarmError.fromProblem(data) });
          else gathered.answers.push({ from, data });
          if (isComplete()) finish();
          return false;
        },
        reject,
        onTime: finish,
      });
      asking.then(
        ({ count, failures }) => {
          expected = count;
          gathered.failures.push(...failures);
          if (isComplete()) finish();
        },
        (error: unknown) => this.fail(correlationId, error),
      );
    });
  }

  /** Whether somebody waits for it. */
  awaits({ correlationId, replyTo }: Message): boolean {
    return correlationId !== undefined && replyTo === undefined && this.asked.has(correlationId);
  }

  /** Whether somebody has waited for it. */
  take(message: Message): boolean {
    if (message.correlationId === undefined || message.replyTo !== undefined) return false;
    const asked = this.asked.get(message.correlationId);
    if (asked === undefined) return false;
    if (asked.onAnswer(message)) this.drop(message.correlationId);
    return true;
  }

  fail(correlationId: string, error: unknown): void {
    const asked = this.asked.get(correlationId);
    this.drop(correlationId);
    asked?.reject(error);
  }

  close(): void {
    const error = new MultiswarmError('shutting-down', 'the swarm has stopped before an answer came');
    for (const id of [...this.asked.keys()]) this.fail(id, error);
  }

  private wait(
    id: string,
    timeoutMs: number,
    { onTime, ...asked }: Omit<Asked, 'cancel'> & { onTime: () => void },
  ): void {
    const cancel = this.clock.after(timeoutMs, () => {
      this.asked.delete(id);
      onTime();
    });
    this.asked.set(id, { ...asked, cancel });
  }

  private drop(id: string): void {
    this.asked.get(id)?.cancel();
    this.asked.delete(id);
  }
}
