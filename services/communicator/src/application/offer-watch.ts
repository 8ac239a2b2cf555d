import type { ListOffers, Offer } from '@multiswarm/contracts';
import { deferred, type Cancel, type Clock } from '@multiswarm/core';
import { nextChangeOf, toOffer, type OfferRecord } from '../domain/sharing/offer';
import type { Ledger, Stored } from './ledger';
import { withToken } from './leases';

/** An offer that fits, or fits no more, as it is now; `synced`: all that fits has been told. */
export type OfferNews = { kind: 'put' | 'delete'; offer: Offer } | { kind: 'synced' };

/** Whether it is listed; what has ended only where it is asked for. */
export function isListed(
  offer: Offer,
  { lender, borrower, region, state, maxPrice = Infinity }: ListOffers,
): boolean {
  return (
    (lender === undefined || offer.lender === lender) &&
    (borrower === undefined || offer.claim?.borrower === borrower) &&
    (region === undefined || offer.region === region) &&
    (state === undefined ? offer.state !== 'ended' : offer.state === state) &&
    offer.pricePerHour <= maxPrice
  );
}

/** Follows the offers of a namespace. The watch begins before they are listed, so that none is missed. */
export async function watchOffers(
  ledger: Pick<Ledger<OfferRecord>, 'list' | 'watch'>,
  clock: Clock,
  filter: ListOffers,
): Promise<{ entries: AsyncIterable<OfferNews>; close: () => void }> {
  const keys = `${filter.namespace}.*`;
  const { entries, close } = await ledger.watch(keys);
  const followed = new FollowedOffers(clock, filter);
  for (const stored of await ledger.list(keys)) followed.take(stored);
  void (async () => {
    for await (const stored of entries) followed.take(stored);
  })().then(
    () => followed.end(),
    (error: unknown) => followed.end(error),
  );
  return {
    entries: followed.news(),
    close: () => {
      close();
      followed.end();
    },
  };
}

/**
 * Offers as one reader has been told of them.
 *
 * F1. Of several changes that the reader has not taken yet it is told the last one.
 * F2. What changes by time alone is told when its time comes.
 */
class FollowedOffers {
  private readonly known = new Map<string, Stored<OfferRecord>>();
  private readonly told = new Set<string>();
  private readonly changed = new Set<string>();
  private readonly timers = new Map<string, Cancel>();
  private wake = deferred<void>();
  private ended: { error?: unknown } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly filter: ListOffers,
  ) {}

  take(stored: Stored<OfferRecord>): void {
    const { id } = stored.record;
    if ((this.known.get(id)?.revision ?? 0) >= stored.revision || this.ended) return;
    this.known.set(id, { ...stored, record: withToken(stored) });
    this.note(id);
  }

  end(error?: unknown): void {
    this.ended ??= error === undefined ? {} : { error };
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
    this.wake.resolve();
  }

  async *news(): AsyncGenerator<OfferNews> {
    yield* this.pending();
    yield { kind: 'synced' };
    for (;;) {
      await this.wake.promise;
      this.wake = deferred<void>();
      if (this.ended) break;
      yield* this.pending();
    }
    if (this.ended.error !== undefined) throw this.ended.error as Error;
  }

  private *pending(): Generator<OfferNews> {
    for (const id of [...this.changed]) {
      this.changed.delete(id);
      const news = this.newsOf(id);
      if (news) yield news;
    }
  }

  private newsOf(id: string): OfferNews | undefined {
    const record = this.known.get(id)?.record;
    if (record === undefined) return undefined;
    const offer = toOffer(record, this.clock.now());
    const wasTold = this.told.delete(id);
    const isOver = offer.state === 'ended'; // nothing comes after that
    if (isOver) this.known.delete(id);
    if (!isListed(offer, this.filter)) return wasTold ? { kind: 'delete', offer } : undefined;
    if (!isOver) this.told.add(id);
    return { kind: 'put', offer };
  }

  private note(id: string): void {
    this.timers.get(id)?.();
    this.timers.delete(id);
    this.changed.add(id);
    this.wake.resolve();
    const now = this.clock.now();
    const record = this.known.get(id)?.record;
    const next = record && nextChangeOf(record, now);
    if (next !== undefined)
      this.timers.set(
        id,
        this.clock.after(next - now, () => this.note(id)),
      );
  }
}
