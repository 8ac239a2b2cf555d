import { asMultiswarmError, LIMITS, MultiswarmError, type ErrorCode } from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';

/** One message on its way. What `attempt` does before it waits for anything is its place among the others. */
export interface Sending<T> {
  attempt: () => Promise<T>;
  /** Of what it carries, for the bound on what waits. */
  bytes: number;
  /** When it is given up, monotonic milliseconds. */
  endMs: number;
}

export interface SendLaneParts {
  /** Whether messages can be sent at once. Where not, `open` is waited for. */
  isOpen(): boolean;
  open(): Promise<unknown>;
  /** For messages that wait; one for all lanes of a sender. */
  room: WaitingRoom;
  clock: Clock;
}

/** Nobody answers at the moment: between two owners of a mailbox, while a server starts. */
const PASSES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['bus-unavailable', 'timeout']);
export const PAUSE_MS = 100;
export const LONGEST_PAUSE_MS = 2_000;
/** What a message that waits needs besides what it carries, roughly. */
const OVERHEAD_BYTES = 512;

/** Whether the same again may succeed, with time left for it. */
export function passes(error: unknown, leftMs: number): boolean {
  return leftMs > PAUSE_MS && PASSES.has(asMultiswarmError(error).code);
}

/** The bound on what waits, of all lanes of a sender. */
export class WaitingRoom {
  private left: number;

  constructor(bytes: number = LIMITS.MAIL_WAITING_BYTES) {
    this.left = bytes;
  }

  enter(bytes: number): boolean {
    if (this.left < bytes + OVERHEAD_BYTES) return false;
    this.left -= bytes + OVERHEAD_BYTES;
    return true;
  }

  leave(bytes: number): void {
    this.left += bytes + OVERHEAD_BYTES;
  }
}

interface Numbered<T> extends Sending<T> {
  number: number;
}

interface Waiting<T> extends Numbered<T> {
  /** Of its last try; undefined where there was none. */
  error: unknown;
  resolve(value: T | Promise<T>): void;
  reject(error: unknown): void;
}

/**
 * Messages of one sender to one recipient, on their way into the stream.
 *
 * L1. Where some have to be tried again, they are stored in the order in which they were given: what comes behind one that waits, waits too,
 *     and what waits begins with its first one alone. When that has gone through, all others follow at once.
 * L2. While nothing fails, nothing waits: all that is given is on its way at the same time.
 * L3. Each ends: stored, refused, or its time is over. One that is given up holds nobody back.
 *
 * L1 holds where the server takes what comes over one connection in its order, and a failure of one is one of all behind it, as when a
 * connection or a server is lost. A cluster that elects another leader for the stream may lose one of several that are on their way and
 * keep the next.
 */
export class SendLane<T> {
  private given = 0;
  private underWay = 0;
  /** By their numbers. */
  private waiting: Waiting<T>[] | undefined;
  private whenQuiet: () => void = () => undefined;

  constructor(private readonly parts: SendLaneParts) {}

  get isIdle(): boolean {
    return this.underWay === 0 && this.waiting === undefined;
  }

  send({ attempt, bytes, endMs }: Sending<T>): Promise<T> {
    const sending = { attempt, bytes, endMs, number: (this.given += 1) };
    if (this.waiting === undefined && this.parts.isOpen()) return this.begin(sending);
    return this.wait(sending, undefined);
  }

  private begin(sending: Numbered<T>): Promise<T> {
    this.underWay += 1;
    return sending.attempt().then(
      (value) => {
        this.ended();
        return value;
      },
      (error: unknown) => {
        this.ended();
        if (this.passes(error, sending)) return this.wait(sending, error);
        throw error;
      },
    );
  }

  /** Whoever waits for this goes on in a later turn: one that has to wait is in its place by then. */
  private ended(): void {
    this.underWay -= 1;
    if (this.underWay === 0) this.whenQuiet();
  }

  private wait(sending: Numbered<T>, error: unknown): Promise<T> {
    if (!this.parts.room.enter(sending.bytes)) return Promise.reject(asError(error ?? tooManyWait()));
    return new Promise((resolve, reject) => {
      const all = (this.waiting ??= this.began(error !== undefined));
      // One that was on its way goes before all that were given after it.
      const behind = all.findLastIndex(({ number }) => number < sending.number) + 1;
      all.splice(behind, 0, { ...sending, error, resolve, reject });
    });
  }

  private began(failed: boolean): Waiting<T>[] {
    const all: Waiting<T>[] = [];
    void this.drain(all, failed);
    return all;
  }

  /** L1. */
  private async drain(all: Waiting<T>[], failed: boolean): Promise<void> {
    let pauses = failed;
    for (let pauseMs = PAUSE_MS; ;) {
      if (pauses) await delay(this.parts.clock, pauseMs);
      await this.quiet();
      const outcome = await this.tryFirst(all);
      if (outcome === 'done') break;
      if (pauses) pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      pauses = outcome === 'again';
    }
    this.waiting = undefined;
    for (const each of all) {
      this.parts.room.leave(each.bytes);
      each.resolve(this.begin(each));
    }
  }

  /** @returns `done`: one has gone through, or none is left */
  private async tryFirst(all: Waiting<T>[]): Promise<'done' | 'refused' | 'again'> {
    this.giveUp(all);
    const [first] = all;
    if (first === undefined) return 'done';
    try {
      await this.parts.open();
      const stored = await first.attempt();
      this.leave(all);
      first.resolve(stored);
      return 'done';
    } catch (error) {
      first.error = error;
      if (this.passes(error, first)) return 'again';
      this.leave(all);
      first.reject(error);
      return 'refused';
    }
  }

  /** L3. */
  private giveUp(all: Waiting<T>[]): void {
    const nowMs = this.parts.clock.monotonic();
    // What was given later ends later.
    const over = all.findIndex(({ endMs }) => endMs > nowMs);
    for (const each of all.splice(0, over < 0 ? all.length : over)) {
      this.parts.room.leave(each.bytes);
      each.reject(each.error ?? waitedTooLong());
    }
  }

  /** While it is tried nothing else is on its way, which could come before it. */
  private leave(all: Waiting<T>[]): void {
    const first = all.shift();
    if (first !== undefined) this.parts.room.leave(first.bytes);
  }

  /** What is on its way has come through, or waits too. */
  private async quiet(): Promise<void> {
    if (this.underWay === 0) return;
    await new Promise<void>((resolve) => (this.whenQuiet = resolve));
  }

  private passes(error: unknown, { endMs }: Sending<T>): boolean {
    return passes(error, endMs - this.parts.clock.monotonic());
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : asMultiswarmError(error);
}

function tooManyWait(): MultiswarmError {
  return new MultiswarmError(
    'bus-unavailable',
    `${LIMITS.MAIL_WAITING_BYTES} bytes of messages (MAIL_WAITING_BYTES) wait already until NATS takes them: send it again later`,
  );
}

function waitedTooLong(): MultiswarmError {
  return new MultiswarmError(
    'bus-unavailable',
    'the message was not sent: it has waited behind earlier ones to its recipient, which NATS has not taken',
  );
}
