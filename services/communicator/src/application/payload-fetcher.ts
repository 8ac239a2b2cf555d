import { LIMITS, MultiswarmError, type PayloadRef } from '@multiswarm/contracts';
import { within, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';

export interface PayloadFetcherParts {
  /** Brings what is not here yet. @throws MultiswarmError */
  copy(ref: PayloadRef, origin: string): Promise<void>;
  clock: Clock;
  logger: Logger;
}

/** Who asks for a payload waits for it so long: less than the answer to a forwarded message may take. */
const WAIT_MS = 2_000;

/**
 * Payloads of messages on their way from other domains into this one. Who asks is not held up by a large one: it goes on, and is here when
 * somebody asks again. What the other domain has not, or has damaged, is not waited for: whoever reads the message finds that out.
 */
export class PayloadFetcher {
  private readonly underWay = new Map<string, Promise<boolean>>();

  constructor(private readonly parts: PayloadFetcherParts) {}

  /** Never fails. @returns false where it is not here yet */
  async fetched(ref: PayloadRef, origin: string): Promise<boolean> {
    const key = `${origin} ${ref.id}`;
    const known = this.underWay.get(key);
    if (known === undefined && this.underWay.size >= LIMITS.MAIL_PAYLOADS_FETCHED) return false;
    return within(this.parts.clock, WAIT_MS, known ?? this.fetch(key, ref, origin), () => false);
  }

  private fetch(key: string, ref: PayloadRef, origin: string): Promise<boolean> {
    const fetching = this.parts
      .copy(ref, origin)
      .then(
        () => true,
        (error: unknown) => {
          const isLost = error instanceof MultiswarmError && LOST.has(error.code);
          const text = isLost ? 'a payload is lost' : 'a payload was not fetched; it is tried again';
          this.parts.logger.warn(text, { payload: ref.id, origin, error });
          return isLost;
        },
      )
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, fetching);
    return fetching;
  }
}

const LOST: ReadonlySet<string> = new Set(['payload-not-found', 'payload-corrupt']);
