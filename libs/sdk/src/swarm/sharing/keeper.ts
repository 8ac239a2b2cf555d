import { type Cancel, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { hasCode } from './door';

export interface KeeperOptions {
  clock: Clock;
  log: Logger;
  /** What it is, for the log. */
  name: string;
  ttlMs: number;
  /** For how long it holds, in ms from the moment at which it was asked for. */
  heldMs: number;
  /** By the monotonic clock, when it was asked for: nothing that was granted ends later than the communicator thinks. */
  askedAt: number;
  /** Asks for more time, and returns for how long it holds from then on. */
  renew: () => Promise<number>;
  release: () => Promise<unknown>;
}

/** A part of the time after which it is renewed; the rest is for tries that fail. */
const RENEW_AFTER = 1 / 3;

/**
 * Keeps what was granted for a while, until it is released or lost.
 *
 * K1. It counts as lost no later than the communicator may grant it to somebody else: time runs from before each request.
 * K2. It ends once: by release or by loss.
 */
export class Keeper {
  private readonly ending = new AbortController();
  private cancelRenewal: Cancel = () => undefined;
  private cancelLoss: Cancel = () => undefined;

  constructor(private readonly options: KeeperOptions) {
    this.hold(options.askedAt, options.heldMs);
  }

  /** Aborted when it is not held any more; the reason says why. */
  get lost(): AbortSignal {
    return this.ending.signal;
  }

  async release(): Promise<void> {
    if (this.ending.signal.aborted) return;
    this.end('it was released');
    await this.options.release().catch((error: unknown) => {
      // It runs out by itself.
      if (!hasCode(error, 'lease-lost', 'offer-not-found'))
        this.options.log.warn('what was held could not be released', { name: this.options.name, error });
    });
  }

  /** Without a word to the communicator: it runs out there. */
  abandon(reason: string): void {
    this.end(reason);
  }

  private hold(from: number, heldMs: number): void {
    const { clock, ttlMs } = this.options;
    this.cancelLoss();
    this.cancelRenewal();
    const leftMs = from + heldMs - clock.monotonic();
    this.cancelLoss = clock.after(leftMs, () => this.lose('it was not renewed in time'));
    this.cancelRenewal = clock.after(Math.min(ttlMs * RENEW_AFTER, leftMs), () => void this.renew());
  }

  private async renew(): Promise<void> {
    const { clock, renew, ttlMs, log, name } = this.options;
    const from = clock.monotonic();
    try {
      const heldMs = await renew();
      if (!this.ending.signal.aborted) this.hold(from, heldMs);
    } catch (error) {
      if (this.ending.signal.aborted) return;
      if (hasCode(error, 'lease-lost', 'offer-not-found')) this.lose('somebody else may have it');
      else {
        log.warn('what is held could not be renewed; trying again', { name, error });
        this.cancelRenewal = clock.after((ttlMs * RENEW_AFTER) / 2, () => void this.renew());
      }
    }
  }

  private lose(why: string): void {
    this.options.log.warn('what was held is lost', { name: this.options.name, why });
    this.end(why);
  }

  private end(why: string): void {
    if (this.ending.signal.aborted) return;
    this.cancelLoss();
    this.cancelRenewal();
    this.ending.abort(new Error(why));
  }
}
