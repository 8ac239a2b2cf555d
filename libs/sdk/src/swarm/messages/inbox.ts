import type { MailCause, Message } from '@multiswarm/contracts';
import { asMultiswarmError } from '@multiswarm/contracts';
import { Recent } from '@multiswarm/core';
import { isNoLater, type Generation } from '@multiswarm/messaging';

/** Conversations of which a swarm remembers that they have failed. */
const FAILURES_KNOWN = 10_000;

/** Said once, where what a communicator hands over has a form that is not known here. */
export const UNREADABLE_MAIL =
  'mail cannot be read here. None is lost: it is given back, and comes again. Run communicators and swarms of the same version';

/** How a message is settled with its mailbox. What was sent at most once has none. */
export interface Settling {
  /** See `MailDelivery`. */
  readonly generation: Generation;
  readonly seq: number;
  /** Epoch ms by the clock of the server. */
  readonly storedAtMs: number;
  ack(): void;
  nak(failure: Failure): void;
  release(): void;
}

export interface Failure {
  cause: MailCause;
  message: string;
  delayMs?: number;
  poison?: boolean;
  blameless?: boolean;
}

export interface Arrived {
  message: Message;
  settling: Settling | undefined;
}

/** Those of one sender, where it says nothing else; as the owner of the mailbox has it. */
export function conversationOf({ conversation, from }: Message): string {
  return conversation ?? `from ${from}`;
}

/** Whether its time is over, epoch ms: it is not handled any more. */
export function hasExpired({ expiresAt }: Message, nowMs: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;
}

/** Thrown by a handler: no further try will help, so the message becomes a dead letter at once. */
export class PoisonMessage extends Error {
  override readonly name = 'PoisonMessage';
}

/** Thrown by a handler: the next try is wanted after this, instead of the growing pause. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  constructor(
    /** Milliseconds. */
    readonly delayMs: number,
    message = 'the handler asks for another try later',
  ) {
    super(message);
  }
}

/**
 * Handles what comes: messages of one conversation and priority one after the other, others at the same time.
 *
 * I1. One that fails is told, and those behind it in its conversation go back, also those that are still on their way: they come again
 *     after it.
 */
export class Inbox {
  private readonly lanes = new Map<string, Arrived[]>();
  /** The generation in which a conversation has failed last. */
  private readonly failures = new Recent<string, Generation>(FAILURES_KNOWN);
  private size = 0;

  /** @param handle handles as many of the first ones as it likes, and says how many; throws what went wrong with the one after these */
  constructor(
    private readonly handle: (waiting: readonly Arrived[]) => Promise<Handled>,
    private readonly onIdle: () => void = () => undefined,
  ) {}

  /** Messages that wait or are being handled. */
  get waiting(): number {
    return this.size;
  }

  add(arrived: Arrived): void {
    const { message } = arrived;
    const key = `${message.priority} ${conversationOf(message)}`;
    const failed = this.failures.get(key);
    if (failed && arrived.settling && isNoLater(arrived.settling.generation, failed)) {
      arrived.settling.release();
      return;
    }
    this.size += 1;
    const lane = this.lanes.get(key);
    if (lane !== undefined) lane.push(arrived);
    else {
      const started = [arrived];
      this.lanes.set(key, started);
      void this.run(key, started);
    }
  }

  private async run(key: string, lane: Arrived[]): Promise<void> {
    while (lane.length > 0) {
      const { done, failed } = await this.handle(lane);
      for (const { settling } of lane.splice(0, done)) settling?.ack();
      this.size -= done;
      if (failed !== undefined) this.fail(key, lane, failed);
    }
    this.lanes.delete(key);
    if (this.size === 0) this.onIdle();
  }

  /** I1. */
  private fail(key: string, lane: Arrived[], error: unknown): void {
    const [first, ...behind] = lane.splice(0);
    this.size -= behind.length + 1;
    if (first?.settling !== undefined) this.failures.set(key, first.settling.generation);
    first?.settling?.nak(failureOf(error));
    const keep: Arrived[] = [];
    for (const each of behind) {
      if (each.settling === undefined) keep.push(each);
      else each.settling.release();
    }
    lane.push(...keep);
    this.size += keep.length;
  }
}

export interface Handled {
  done: number;
  failed?: unknown;
}

/** How a failed try is told. */
export function failureOf(error: unknown): Failure {
  if (error instanceof MessageExpired) return { cause: 'expired', message: error.message, poison: true };
  if (error instanceof HandlerHangs) return { cause: 'not-acknowledged', message: error.message };
  if (error instanceof NoHandler) return { cause: 'no-handler', message: error.message };
  if (error instanceof Unanswered)
    return { cause: 'not-acknowledged', message: error.message, blameless: true };
  if (error instanceof EffectUnknown)
    return { cause: 'not-acknowledged', message: error.message, poison: true };
  if (error instanceof EffectUnsure) return { cause: 'not-acknowledged', message: error.message };
  const cause = 'handler-failed';
  if (error instanceof PoisonMessage) return { cause, message: error.message, poison: true };
  if (error instanceof RetryLater) return { cause, message: error.message, delayMs: error.delayMs };
  return { cause, message: saidBy(error) };
}

function saidBy(error: unknown): string {
  const { message, code } = asMultiswarmError(error);
  return code === 'internal' ? message : `${code}: ${message}`;
}

/** Its time was over before its handler could begin: nobody will handle it any more. */
export class MessageExpired extends Error {
  override readonly name = 'MessageExpired';
}

/** Its handler has not returned for too long; what it still does is not known. */
export class HandlerHangs extends Error {
  override readonly name = 'HandlerHangs';
}

/** The state in which it has its effect was not reached, or may have been written, or not: the next try finds out. */
export class EffectUnsure extends Error {
  override readonly name: string = 'EffectUnsure';

  static by(cause: unknown): EffectUnsure {
    return cause instanceof EffectUnsure ? cause : new EffectUnsure(saidBy(cause), { cause });
  }
}

/** It was handled, and whoever asked could not be told: the next try tells him. */
export class Unanswered extends EffectUnsure {
  override readonly name = 'Unanswered';

  static override by(cause: unknown): Unanswered {
    return new Unanswered(`its answer could not be sent: ${saidBy(cause)}`, { cause });
  }
}

/** Whether it has had its effect nobody will find out any more. */
export class EffectUnknown extends EffectUnsure {
  override readonly name = 'EffectUnknown';
}

/** Nobody here handles messages of that kind. */
export class NoHandler extends Error {
  override readonly name = 'NoHandler';
}
